//! A contact-hub of our own: started on a new database, sent requests, stopped.

pub mod client;

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, anyhow, ensure};

use self::client::Connection;

/// A running server that is killed when dropped.
#[derive(Debug)]
pub struct ServerProcess {
    process: Child,
    /// Kept open: a server that prints into a closed pipe would stop.
    output: BufReader<ChildStdout>,
    address: SocketAddr,
    token: String,
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// The working folder, which gets the log.
    pub folder: PathBuf,
    /// The name of the log. An existing log is continued.
    pub log: String,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// The database; without it, the default file in the folder.
    pub database_url: Option<String>,
    /// A standby of the database, for lists.
    pub read_database_url: Option<String>,
    /// A known token; without one, the program creates one for organization 1.
    pub token: Option<String>,
    /// Does not print the command.
    pub quiet: bool,
}

impl Launch {
    /// The program in that folder, with default settings.
    pub fn new(program: &Path, folder: &Path) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            log: "server.log".to_owned(),
            arguments: Vec::new(),
            database_url: None,
            read_database_url: None,
            token: None,
            quiet: false,
        }
    }

    /// Starts the server on a free port and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// The server does not start, or no token can be created.
    pub fn start(&self) -> Result<ServerProcess> {
        let token = match &self.token {
            Some(token) => token.clone(),
            None => {
                self.run(&["migrate"])?;
                self.run(&["token", "create", "--organization", "1"])?
            }
        };
        let log = self.folder.join(&self.log);
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(&self.arguments);
        let standby = self.read_database_url.as_ref();
        command.envs(standby.map(|url| ("CONTACT_HUB_READ_DATABASE_URL", url)));
        command.stdout(Stdio::piped()).stderr(file.with_context(|| log.display().to_string())?);
        let program = self.program.display();
        if !self.quiet {
            eprintln!("$ {program} serve --listen 127.0.0.1:0 {}", self.arguments.join(" "));
        }
        let mut process = command.spawn().with_context(|| format!("cannot run {program}"))?;
        let output = process.stdout.take().context("no standard output")?;
        let mut output = BufReader::new(output);
        match address(&mut output) {
            Ok(address) => Ok(ServerProcess { process, output, address, token }),
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// Runs another command of the program on the database. Returns what it prints, which for
    /// `token create` is the token.
    ///
    /// # Errors
    ///
    /// The command fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.command();
        command.args(arguments).args(["--log", "warn"]);
        let output = command.output().with_context(|| self.program.display().to_string())?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?} failed: {errors}");
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // URLs are no arguments: everybody can read arguments, and a URL may have a password.
        command.envs(self.database_url.as_ref().map(|url| ("CONTACT_HUB_DATABASE_URL", url)));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}

impl ServerProcess {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// The server does not accept it.
    pub fn connect(&self) -> Result<Connection> {
        Ok(Connection::open(self.address)?)
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token of the launch.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The peak of resident memory in MiB: `VmHWM` of proc(5). `None` where there is no `/proc`.
    pub fn peak_memory(&self) -> Option<f64> {
        self.mebibytes("VmHWM:")
    }

    /// The resident memory in MiB: `VmRSS` of proc(5). `None` where there is no `/proc`.
    pub fn memory(&self) -> Option<f64> {
        self.mebibytes("VmRSS:")
    }

    /// Counts the peak of resident memory from now on.
    ///
    /// # Errors
    ///
    /// There is no `/proc`.
    pub fn reset_peak_memory(&self) -> io::Result<()> {
        // `clear_refs` of proc(5).
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5")
    }

    fn mebibytes(&self, name: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes / 1024.0)
    }

    /// Kills the server with SIGKILL and waits until it has ended.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks the server to stop with SIGTERM, and waits for it.
    ///
    /// # Errors
    ///
    /// The server does not exit with 0.
    pub fn stop(mut self) -> Result<()> {
        // The standard library cannot send SIGTERM, and a small system has `kill` in its shell alone.
        let kill = format!("kill -TERM {}", self.process.id());
        Command::new("sh").args(["-c", &kill]).status()?;
        let status = self.process.wait()?;
        let mut rest = String::new();
        while self.output.read_line(&mut rest)? > 0 {}
        ensure!(status.success(), "after SIGTERM the server ended with {status}");
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail after `stop`.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the address from what a starting server prints.
fn address(output: impl BufRead) -> Result<SocketAddr> {
    for line in output.lines() {
        let line = line?;
        if let Some(address) = line.strip_prefix("listening on http://") {
            return address.parse().with_context(|| line.clone());
        }
    }
    Err(anyhow!("the server ended before it listened; see its log"))
}
