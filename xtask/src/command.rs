//! Commands, printed before they run, so that everybody can run them alone.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::workspace;

/// A command that is about to run at the top of the workspace.
#[derive(Debug)]
pub struct Step {
    command: Command,
    shown: String,
    quiet: bool,
}

impl Step {
    /// `cargo` with these arguments: the very cargo that runs us.
    pub fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self { shown: "cargo".to_owned(), ..Self::program(program) }.arguments(arguments)
    }

    /// Another program.
    pub fn program(program: impl AsRef<OsStr>) -> Self {
        let shown = program.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.current_dir(workspace::root());
        Self { command, shown, quiet: false }
    }

    /// Further arguments.
    #[must_use]
    pub fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        for argument in arguments {
            self.command.arg(argument);
            let quote = if argument.contains([' ', '*', '\n']) { "'" } else { "" };
            let _ = write!(self.shown, " {quote}{argument}{quote}");
        }
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.shown = format!("{name}='{value}' {}", self.shown);
        self
    }

    /// A variable of its environment whose value is not printed.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.shown = format!("{name}=… {}", self.shown);
        self
    }

    /// Does not print the command: for questions that nobody would ask by hand.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Prints the command, runs it and waits for it.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not succeed.
    pub fn run(mut self) -> Result<(), Failure> {
        self.announce();
        let status = self.command.status();
        let status = status.map_err(|source| self.not_started(source))?;
        if status.success() { Ok(()) } else { Err(self.failed(status.to_string())) }
    }

    /// Prints the command, runs it and hands over what it writes to standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not succeed.
    pub fn output(mut self) -> Result<String, Failure> {
        self.announce();
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|source| self.not_started(source))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(self.failed(output.status.to_string()))
        }
    }

    /// Runs the command without a sound; whether it succeeds.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn succeeds(mut self) -> Result<bool, Failure> {
        let status = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = status.status().map_err(|source| self.not_started(source))?;
        Ok(status.success())
    }

    /// Runs the command without a sound; what it writes to standard output, where it can be started
    /// and succeeds.
    pub fn answer(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn announce(&self) {
        if !self.quiet {
            say(&format!("$ {}", self.shown));
        }
    }

    fn not_started(&self, source: io::Error) -> Failure {
        Failure::NotStarted { command: self.shown.clone(), source }
    }

    fn failed(&self, status: String) -> Failure {
        Failure::Failed { command: self.shown.clone(), status }
    }
}

/// Prints a line on standard output at once, ahead of what a command may print.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A reader that went away, as in `cargo xtask ci | head`, is no reason to stop.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
