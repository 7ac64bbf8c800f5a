//! Why a store cannot be opened.

/// A store could not be opened. `Display` is one line that names the cause, and never a password.
///
/// ```
/// use contacts_application::ports::{OpenError, OpenErrorKind};
///
/// let error = OpenError::new(OpenErrorKind::Unavailable, "the disk is full", "make room");
/// assert_eq!(format!("{error}; {}", error.remedy()), "the disk is full; make room");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    kind: OpenErrorKind,
    message: String,
    remedy: String,
}

/// What a program can do about a store that cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// A person has to correct the address, the database, or the rights in it.
    Unusable,
    /// The database is away, full or locked. A later attempt may succeed.
    Unavailable,
    /// The schema lacks migrations, and the options forbid running them.
    Outdated,
}

impl OpenError {
    /// An error with a message that names the cause, and with what a person can do about it.
    pub fn new(kind: OpenErrorKind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: remedy.into() }
    }

    /// What a program can do about it.
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}
