//! The id of a contact in a path.

use contacts_domain::ContactId;

/// The id in a text. Accepts plain digits without leading zeros, so that a contact has one path.
pub(crate) fn parse(text: &str) -> Option<ContactId> {
    let id = ContactId::new(text.parse().ok()?)?;
    (id.to_string() == text).then_some(id)
}
