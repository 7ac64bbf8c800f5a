//! Who keeps the server, and ends it: a shell beside us that runs what we write into its pipe. When
//! the pipe closes it stops the server and removes the folder. The system closes the pipe when we
//! end, in whichever way: after success, failure or panic, by Ctrl-C or by SIGKILL.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::account::Account;
use super::binaries::Binaries;
use crate::Failure;
use crate::command::say;

/// Nothing but the end of the pipe ends it: not a signal, and not an answer that nobody reads any
/// more. What it runs gets no part of the pipe, which would keep the end from coming.
const SCRIPT: &str = r#"
trap '' HUP INT PIPE TERM
while read -r command; do
    if eval "$command" </dev/null >>log 2>&1; then echo done; else echo failed; fi 2>/dev/null
done
pg_ctl stop --pgdata=data --mode=immediate </dev/null >>log 2>&1
cd / && rm -rf "$1"
"#;

/// How much of the log a failure shows.
const LINES_SHOWN: usize = 12;

/// The shell and the folder that it works in.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    /// `None` once it is to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Dropped last, when the shell has removed it.
    folder: TempDir,
}

impl Keeper {
    /// Starts the shell in the folder, with the programs before all others.
    ///
    /// # Errors
    ///
    /// When it cannot be started, as when the account may not enter the folder.
    pub(super) fn new(
        folder: TempDir,
        binaries: &Binaries,
        account: Option<&Account>,
    ) -> Result<Self, Failure> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = [binaries.folder().to_owned()].into_iter().chain(std::env::split_paths(&paths));
        let path = std::env::join_paths(paths).map_err(|error| {
            Failure::Postgres(format!("{}: {error}", binaries.folder().display()))
        })?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "keeper"]).arg(folder.path()).current_dir(folder.path());
        // A locale that is not installed, or none, keeps the server from starting on macOS.
        command.env("PATH", path).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Away from our group, so that killing the group, as time limits do, spares it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if let Some(account) = account {
            account.run(&mut command);
        }
        let mut process =
            command.spawn().map_err(|source| not_started(source, &folder, account))?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(commands), Some(answers)) => {
                let answers = BufReader::new(answers);
                Ok(Self { process, commands: Some(commands), answers, folder })
            }
            _ => Err(Failure::Postgres("the keeper has no pipes".to_owned())),
        }
    }

    /// The folder of the data and the log.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Prints the command, has it run in the folder and waits for it.
    ///
    /// # Errors
    ///
    /// When it fails, with the end of the log.
    pub(super) fn run(&mut self, command: &str) -> Result<(), Failure> {
        say(&format!("$ {command}"));
        let mut answer = String::new();
        if let Some(commands) = &mut self.commands {
            writeln!(commands, "{command}")?;
            self.answers.read_line(&mut answer)?;
        }
        if answer == "done\n" {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        let lines = log.lines().collect::<Vec<_>>();
        let shown = lines.get(lines.len().saturating_sub(LINES_SHOWN)..).unwrap_or_default();
        Err(Failure::Postgres(format!("`{command}` failed:\n{}", shown.join("\n"))))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.commands = None;
        // Waits until the server is gone; a shell that is gone already is fine.
        let _ = self.process.wait();
    }
}

fn not_started(source: io::Error, folder: &TempDir, account: Option<&Account>) -> Failure {
    match account {
        Some(account) if source.kind() == io::ErrorKind::PermissionDenied => {
            let (name, folder) = (account.name(), folder.path().display());
            Failure::Postgres(format!(
                "{name} may not enter {folder}; set TMPDIR to a folder that everybody may enter"
            ))
        }
        _ => Failure::NotStarted { command: "sh".to_owned(), source },
    }
}
