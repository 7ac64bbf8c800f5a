//! A contact-hub of our own: started on a new database, asked, stopped.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::client::Connection;
use crate::command::{Step, say};
use crate::{Failure, workspace};

/// A running server that is killed when dropped.
#[derive(Debug)]
pub struct Hub {
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
    /// The folder that it runs in. Its log goes there.
    pub folder: PathBuf,
    /// The name of the log. One that is there already is carried on.
    pub log: String,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// The database; without it, the file of the default in the folder.
    pub database_url: Option<String>,
    /// A standby of the database, for lists.
    pub read_database_url: Option<String>,
    /// A token that is known already. Without it the database has to be new: then the server prints
    /// one.
    pub token: Option<String>,
    /// Does not print the command: for starting again what has been printed before.
    pub quiet: bool,
}

impl Launch {
    /// The program in that folder, with the default settings.
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

    /// Starts it on a free port and waits until it accepts.
    ///
    /// # Errors
    ///
    /// When it does not start, or no token is known.
    pub fn start(&self) -> Result<Hub, Failure> {
        let log = self.folder.join(&self.log);
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(&self.arguments);
        // No arguments: they may have a password in them, and arguments are shown.
        command.envs(self.database_url.as_ref().map(|url| ("CONTACT_HUB_DATABASE_URL", url)));
        let standby = self.read_database_url.as_ref();
        command.envs(standby.map(|url| ("CONTACT_HUB_READ_DATABASE_URL", url)));
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(file.map_err(Failure::about(&log))?);
        if !self.quiet {
            let arguments = self.arguments.iter().map(|argument| format!(" {argument}"));
            let arguments = arguments.collect::<String>();
            say(&format!("$ {} serve --listen 127.0.0.1:0{arguments}", shown(&self.program)));
        }
        let mut process = command.spawn().map_err(|source| Failure::NotStarted {
            command: self.program.display().to_string(),
            source,
        })?;
        let output = process.stdout.take();
        let output = output.ok_or_else(|| Failure::Server("no standard output".to_owned()))?;
        let mut output = BufReader::new(output);
        match first_lines(&mut output, self.token.clone()) {
            Ok((token, address)) => Ok(Hub { process, output, address, token }),
            Err(failure) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(failure)
            }
        }
    }
}

impl Hub {
    /// Builds the release server and says where it is.
    ///
    /// # Errors
    ///
    /// When it does not build.
    pub fn build() -> Result<PathBuf, Failure> {
        Step::cargo(["build", "--release", "--package", "contact-hub"]).run()?;
        let name = format!("contact-hub{}", std::env::consts::EXE_SUFFIX);
        Ok(workspace::target_directory()?.join("release").join(name))
    }

    /// Starts the program in `folder`, on a new database there and a free port, and waits until it
    /// accepts.
    ///
    /// # Errors
    ///
    /// When it does not start, or prints no token.
    pub fn start(program: &Path, folder: &Path) -> Result<Self, Failure> {
        Launch::new(program, folder).start()
    }

    /// A new connection to it.
    ///
    /// # Errors
    ///
    /// When it does not accept.
    pub fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token that it was launched with, else the one of its first run.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The number that the system knows its process by.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that it has held so far, in MiB: `VmHWM` of proc(5). `None` where there is no
    /// `/proc`.
    pub fn peak_memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes / 1024.0)
    }

    /// Ends it at once with SIGKILL, which it cannot notice, and waits until it is gone.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to stop, as a service manager would, and waits for it.
    ///
    /// # Errors
    ///
    /// When it does not exit with 0.
    pub fn stop(mut self) -> Result<(), Failure> {
        let id = self.process.id().to_string();
        // The standard library has no SIGTERM.
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.process.wait()?;
        let mut rest = String::new();
        while self.output.read_line(&mut rest)? > 0 {}
        if status.success() {
            Ok(())
        } else {
            Err(Failure::Server(format!("after SIGTERM the server ended with {status}")))
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // After `stop` both fail, which is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The token, unless it is known, and the address, which a server prints when it starts.
fn first_lines(
    output: &mut impl BufRead,
    mut token: Option<String>,
) -> Result<(String, SocketAddr), Failure> {
    for line in output.lines() {
        let line = line?;
        if let Some(word) = line.split_whitespace().find(|word| word.starts_with("chub_")) {
            token.get_or_insert_with(|| word.trim_matches(['\'', '"']).to_owned());
        }
        if let Some(address) = line.strip_prefix("listening on http://") {
            let address = address.parse().ok();
            let address = address.ok_or_else(|| Failure::Server(format!("no address: {line}")))?;
            let token = token.ok_or_else(|| Failure::Server("no token was printed".to_owned()))?;
            return Ok((token, address));
        }
    }
    Err(Failure::Server("the server ended before it listened; see its log".to_owned()))
}

fn shown(program: &Path) -> String {
    program.strip_prefix(workspace::root()).unwrap_or(program).display().to_string()
}
