//! The shell that owns the server. It runs the commands that it reads from a pipe; when the pipe
//! closes, it stops the server and removes the folder. The system closes the pipe when this process
//! ends, however it ends: after success, failure or panic, by Ctrl-C or by SIGKILL.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::account::Nobody;
use crate::programs::Programs;

/// Only the end of the pipe ends it: neither a signal, nor an answer that cannot be written. Its
/// commands do not inherit the pipe, because that would keep it open.
const SCRIPT: &str = r#"
trap '' HUP INT PIPE TERM
while read -r command; do
    if eval "$command" </dev/null >>log 2>&1; then echo done; else echo failed; fi 2>/dev/null
done
pg_ctl stop --pgdata=data --mode=immediate </dev/null >>log 2>&1
cd / && rm -rf "$1"
"#;

/// How many lines of the log an error shows.
const LINES_SHOWN: usize = 12;

/// The shell and its folder.
#[derive(Debug)]
pub(crate) struct Keeper {
    process: Child,
    /// `None` once the shell has to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Dropped last, after the shell has removed it.
    folder: TempDir,
}

impl Keeper {
    /// Starts the shell in the folder, with the server's programs first on its path.
    pub(crate) fn start(
        folder: TempDir,
        programs: &Programs,
        account: Option<Nobody>,
    ) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [programs.folder.clone()].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "keeper"]).arg(folder.path()).current_dir(folder.path());
        // On macOS the server does not start with a missing locale.
        command.env("PATH", std::env::join_paths(path)?).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // A group of its own, so that killing our group, as time limits do, spares it.
        command.process_group(0);
        if let Some(account) = account {
            account.run(&mut command);
        }
        let mut process = match command.spawn() {
            Err(error) if account.is_some() && error.kind() == ErrorKind::PermissionDenied => {
                bail!(
                    "`nobody` may not enter {}; set TMPDIR to a folder that everybody may enter",
                    folder.path().display()
                )
            }
            spawned => spawned.context("cannot run `sh`")?,
        };
        let commands = process.stdin.take();
        let answers = process.stdout.take().context("the shell has no output")?;
        Ok(Self { process, commands, answers: BufReader::new(answers), folder })
    }

    /// The folder of the data and the log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Prints the command, runs it in the folder and waits for it. An error shows the end of the
    /// log.
    pub(crate) fn run(&mut self, command: &str) -> Result<()> {
        eprintln!("$ {command}");
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
        bail!("`{command}` failed:\n{}", shown.join("\n"))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.commands = None;
        // Waits until the server has ended. A shell that is gone already is no error.
        let _ = self.process.wait();
    }
}
