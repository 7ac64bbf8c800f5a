//! What the program prints on standard output and standard error, except for logs.

use std::io::{self, Write as _};

use crate::failure::Failure;

/// Prints the result of a command.
///
/// # Errors
///
/// If standard output is closed or full.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| {
        Failure::because("cannot print", &error, "run it again with standard output open")
    })
}

/// Rows with their cells in columns.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Prints a notice. A closed standard output is no failure.
pub(crate) fn print_notice(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints the failure that ends the program.
pub(crate) fn print_failure(failure: &Failure) {
    let _ = writeln!(io::stderr().lock(), "contact-hub: {failure}");
}

/// A text whose control characters, which may move the cursor, are escaped.
pub(crate) fn escaped(text: &str) -> String {
    let printable = |character: char| match character.is_control() {
        true => character.escape_default().collect(),
        false => vec![character],
    };
    text.chars().flat_map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escaped("a\n\u{1b}[2Kü"), r"a\n\u{1b}[2Kü");
    }
}
