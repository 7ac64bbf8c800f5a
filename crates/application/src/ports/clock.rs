//! The port of the clock.

use contacts_domain::Timestamp;

/// A clock.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}
