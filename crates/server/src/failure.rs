//! Why a command fails: one line with the cause and a remedy.

use std::error::Error;
use std::fmt;

use contacts_application::ports::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};

/// Why a command fails. `Display` is `cause; remedy`, on one line.
///
/// Neither half may hold a token or a database URL, which may contain a password.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    remedy: String,
}

impl Failure {
    /// A failure with its cause and what the user can do about it.
    pub(crate) fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }

    /// A failure whose cause includes the error and its sources.
    pub(crate) fn because(cause: impl fmt::Display, error: &dyn Error, remedy: &str) -> Self {
        Self::new(format!("{cause}: {}", chain(error)), remedy)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, line) in self.cause.lines().enumerate() {
            let separator = if position > 0 { " " } else { "" };
            write!(f, "{separator}{}", line.trim())?;
        }
        write!(f, "; {}", self.remedy)
    }
}

impl Error for Failure {}

/// How to bring a schema up to date.
const MIGRATE: &str = "run `contact-hub migrate`";

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let outdated = error.kind() == OpenErrorKind::Outdated;
        Self::new(error.to_string(), if outdated { MIGRATE } else { error.remedy() })
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let remedy = match error.kind() {
            StoreErrorKind::Unavailable => "check the database, its disk and its rights",
            StoreErrorKind::Full => "free some space on the disk of the database",
            StoreErrorKind::Contention => "try again",
            StoreErrorKind::TooLarge | StoreErrorKind::OutOfTime => "ask for less at a time",
            StoreErrorKind::Corrupt => "restore the database from a backup",
            StoreErrorKind::Internal => "please report this",
        };
        Self::new(chain(&error), remedy)
    }
}

/// The error and its sources, joined by colons. A source whose text the line already ends with is
/// left out.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let reason = source.to_string();
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn failure_is_one_line_with_causes_and_remedy() {
        let source = io::Error::other("disk I/O error\nwhile reading");
        let failure = Failure::from(StoreError::unavailable(source));
        assert_eq!(
            failure.to_string(),
            "the store is unavailable: disk I/O error while reading; \
             check the database, its disk and its rights"
        );
    }
}
