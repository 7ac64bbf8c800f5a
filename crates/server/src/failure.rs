//! What stops a command: one line with the cause and what to do about it.

use std::error::Error;
use std::fmt;

use contacts_application::ports::{StoreError, StoreErrorKind};

/// What stops a command. Printed as `cause; remedy`, on one line.
///
/// Neither half ever holds a database URL or a token: both are secrets, or have one inside.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    remedy: String,
}

impl Failure {
    /// What happened and what the user can do.
    pub(crate) fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }

    /// The same with the errors behind it, the outer first.
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

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let remedy = match error.kind() {
            StoreErrorKind::Unavailable => "check the database, its disk and its rights",
            StoreErrorKind::Contention => "try again",
            StoreErrorKind::Corrupt => "restore the database from a backup",
            StoreErrorKind::Internal => "please report this",
        };
        Self::new(chain(&error), remedy)
    }
}

/// The error and what is behind it, joined by colons; what repeats the line before it is left out.
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
    fn a_failure_is_one_line_with_its_causes_and_a_remedy() {
        let source = io::Error::other("disk I/O error\nwhile reading");
        let failure = Failure::from(StoreError::unavailable(source));
        assert_eq!(
            failure.to_string(),
            "the store is unavailable: disk I/O error while reading; \
             check the database, its disk and its rights"
        );
    }
}
