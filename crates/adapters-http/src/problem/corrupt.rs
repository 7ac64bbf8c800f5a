//! Stored contacts that cannot be read. The operator has to repair them; the caller has done nothing
//! wrong.

use std::fmt::Display;

use contacts_domain::contact::Record;
use contacts_domain::{Rule, Violation};

use super::Problem;

/// Logs the first contact that could not be read, and the number of others.
pub(crate) fn log_corrupt<'v>(violations: impl IntoIterator<Item = &'v Violation>) {
    let mut corrupt = violations.into_iter().filter(|violation| is_corrupt(violation));
    if let Some(Violation { value, message, .. }) = corrupt.next() {
        tracing::error!(
            contact = value,
            cause = message,
            others = corrupt.count(),
            "a stored contact cannot be read: `contact-hub check` lists all of them"
        );
    }
}

/// Fails with a 500 if one of the violations is about a contact that could not be read.
pub(crate) fn reject_if_corrupt(violations: &[Violation]) -> Result<(), Problem> {
    match violations.iter().find(|violation| is_corrupt(violation)) {
        Some(Violation { value, message, .. }) => Err(unreadable(value, message)),
        None => Ok(()),
    }
}

/// Fails with a 500 if the stored document cannot be read.
///
/// An answer copies the text of the document, so it is parsed for this check alone.
pub(crate) fn require_readable(record: &Record) -> Result<(), Problem> {
    match record.read() {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(record.id, error)),
    }
}

fn is_corrupt(violation: &Violation) -> bool {
    violation.rule == Rule::StoredReadable
}

fn unreadable(id: impl Display, cause: impl Display) -> Problem {
    Problem::internal(format!("contact {id}: {cause}"))
}
