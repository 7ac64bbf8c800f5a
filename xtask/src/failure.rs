//! Why a chore failed.

use std::io;
use std::path::PathBuf;

/// Why a chore failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A command could not be started.
    #[error("cannot run `{command}`: {source}")]
    NotStarted {
        /// The command as typed in a shell.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A command ran and failed; what it printed says why.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command as typed in a shell.
        command: String,
        /// How it ended.
        status: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A check found something; each finding is one line.
    #[error("{check}: {} to mend\n{}", findings.len(), findings.join("\n"))]
    Findings {
        /// The verb that looked.
        check: &'static str,
        /// What it found, `file:line: what` where there is a line.
        findings: Vec<String>,
    },
    /// The server under test, or the conversation with it, went wrong.
    #[error("{0}")]
    Server(String),
    /// A PostgreSQL of our own could not be had, or what was asked of it went wrong.
    #[error("{0}")]
    Postgres(String),
    /// A network or pipe fault while talking to the server under test.
    #[error("talking to the server: {0}")]
    Io(#[from] io::Error),
    /// What should be JSON is not.
    #[error("not the JSON that was expected: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// Makes an I/O fault say which file it was about.
    pub fn about(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Whether somebody who was asked did not answer in time.
    pub fn is_silence(&self) -> bool {
        // A timeout of a socket is one or the other, as the system likes.
        let silent = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
        matches!(self, Self::Io(error) if silent.contains(&error.kind()))
    }

    /// `Ok` when nothing was found.
    ///
    /// # Errors
    ///
    /// [`Failure::Findings`] when something was.
    pub fn unless_empty(check: &'static str, findings: Vec<String>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self::Findings { check, findings }) }
    }
}
