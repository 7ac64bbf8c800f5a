//! Stored contacts that cannot be read: nothing is wrong with what was sent about them, and it is
//! for whoever runs the server to mend them.

use contacts_domain::contact::Record;
use contacts_domain::{Rule, Violation};

use crate::problem::Problem;

/// Logs the first contact that cannot be read, and how many others there are.
pub(crate) fn log<'v>(violations: impl IntoIterator<Item = &'v Violation>) {
    let mut unreadable = violations.into_iter().filter(|violation| is_damage(violation));
    if let Some(Violation { value, message, .. }) = unreadable.next() {
        let others = unreadable.count();
        tracing::error!(
            contact = value,
            cause = message,
            others,
            "a stored contact cannot be read: `contact-hub check` tells of all"
        );
    }
}

/// Makes sure that a refusal is not about a contact that cannot be read.
///
/// # Errors
///
/// When it is.
pub(crate) fn reject_if_corrupt(violations: &[Violation]) -> Result<(), Problem> {
    match violations.iter().find(|violation| is_damage(violation)) {
        None => Ok(()),
        Some(Violation { value, message, .. }) => Err(unreadable(value, message)),
    }
}

/// Makes sure that a contact can be read before it is shown.
///
/// # Errors
///
/// When it cannot.
pub(crate) fn is_not_in(record: &Record) -> Result<(), Problem> {
    record.read().map_or_else(|error| Err(unreadable(record.id, error)), |_| Ok(()))
}

fn is_damage(violation: &Violation) -> bool {
    violation.rule == Rule::StoredReadable
}

fn unreadable(id: impl std::fmt::Display, cause: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("contact {id}: {cause}"))
}
