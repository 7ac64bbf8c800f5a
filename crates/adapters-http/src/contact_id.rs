//! The id of a contact in a path.

use contacts_domain::ContactId;

/// The id that the text names: plain digits, so that one contact has one path.
pub(crate) fn parse(text: &str) -> Option<ContactId> {
    let id = ContactId::new(text.parse().ok()?)?;
    (id.to_string() == text).then_some(id)
}
