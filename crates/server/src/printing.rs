//! What the program says on standard output and standard error, logs apart.

use std::io::{self, Write as _};

use crate::failure::Failure;

/// Prints lines that are what the command is for.
///
/// # Errors
///
/// When standard output takes nothing.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| {
        Failure::because("cannot print", &error, "run it again with standard output open")
    })
}

/// Prints lines that are good to know; nobody listening is no reason to stop.
pub(crate) fn tell(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints why the program ends.
pub(crate) fn complain(failure: &Failure) {
    let _ = writeln!(io::stderr().lock(), "contact-hub: {failure}");
}
