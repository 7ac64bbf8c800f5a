//! A contact-hub of our own: started on a new database, asked, stopped.

use std::fs::File;
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
        let log = folder.join("server.log");
        let log = File::create(&log).map_err(Failure::about(&log))?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        say(&format!("$ {} serve --listen 127.0.0.1:0", shown(program)));
        let mut process = command.spawn().map_err(|source| Failure::NotStarted {
            command: program.display().to_string(),
            source,
        })?;
        let output = process.stdout.take();
        let output = output.ok_or_else(|| Failure::Server("no standard output".to_owned()))?;
        let mut output = BufReader::new(output);
        match first_lines(&mut output) {
            Ok((token, address)) => Ok(Self { process, output, address, token }),
            Err(failure) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(failure)
            }
        }
    }

    /// A new connection to it.
    ///
    /// # Errors
    ///
    /// When it does not accept.
    pub fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(self.address)
    }

    /// The token of the first run.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The most memory that it has held so far, in MiB: `VmHWM` of proc(5). `None` where there is no
    /// `/proc`.
    pub fn peak_memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes / 1024.0)
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

/// The token and the address, which a server prints when it starts on a new database.
fn first_lines(output: &mut impl BufRead) -> Result<(String, SocketAddr), Failure> {
    let mut token = None;
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
