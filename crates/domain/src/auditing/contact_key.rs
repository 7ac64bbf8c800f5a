//! The key of a stored contact.

/// The organization and the id of a stored contact, as numbers that may be no valid ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactKey {
    /// The number of the organization.
    pub organization: i32,
    /// The number of the contact.
    pub id: i64,
}
