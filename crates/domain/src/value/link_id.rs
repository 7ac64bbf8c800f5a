//! The ids that devices give to contacts.

use thiserror::Error;
use uuid::Uuid;

/// The id that a device gives to a contact: a UUID (RFC 9562) other than the nil UUID.
///
/// The normal form is hyphenated and in lower case; ids are equal in any case.
///
/// ```
/// use contacts_domain::value::LinkId;
///
/// let link_id = LinkId::parse("6F9619FF-8B86-D011-B42D-00CF4FC964FF")?;
/// assert_eq!(link_id.to_string(), "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
/// # Ok::<(), contacts_domain::value::InvalidLinkId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(Uuid);

/// The text is not a link id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidLinkId {
    /// Not a UUID, or a UUID in braces, as a URN or without hyphens.
    #[error("a link id must be a UUID in its hyphenated form of 36 characters")]
    Shape,
    /// The nil UUID.
    #[error("a link id must not be the nil UUID")]
    Nil,
}

impl LinkId {
    /// Reads a UUID in hyphenated form, in any case.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidLinkId`].
    pub fn parse(text: &str) -> Result<Self, InvalidLinkId> {
        // The library also reads other forms; each of them has another length.
        let uuid = Some(text)
            .filter(|text| text.len() == uuid::fmt::Hyphenated::LENGTH)
            .and_then(|text| Uuid::try_parse(text).ok())
            .ok_or(InvalidLinkId::Shape)?;
        Self::from_uuid(uuid).ok_or(InvalidLinkId::Nil)
    }

    /// The link id of a UUID; `None` for the nil UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Option<Self> {
        if uuid.is_nil() { None } else { Some(Self(uuid)) }
    }

    /// The UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

text_traits!(LinkId: InvalidLinkId, by parse);

impl std::fmt::Display for LinkId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_is_read() {
        let lower = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
        for text in [lower, &lower.to_uppercase(), "6f9619FF-8b86-D011-B42d-00cf4fc964ff"] {
            assert_eq!(LinkId::parse(text).unwrap().to_string(), lower);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidLinkId::{Nil, Shape};
        for (text, error) in [
            ("", Shape),
            ("6f9619ff8b86d011b42d00cf4fc964ff", Shape),
            ("{6f9619ff-8b86-d011-b42d-00cf4fc964ff}", Shape),
            ("urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff", Shape),
            ("6f9619ff-8b86-d011-b42d-00cf4fc964f", Shape),
            ("6f9619ff-8b86-d011-b42d-00cf4fc964fg", Shape),
            ("6f9619ff8-b86-d011-b42d-00cf4fc964ff", Shape),
            ("6f9619ff-8b86-d011-b42d-00cf4fc964f\u{e9}", Shape),
            (" 6f9619ff-8b86-d011-b42d-00cf4fc964ff", Shape),
            ("00000000-0000-0000-0000-000000000000", Nil),
        ] {
            assert_eq!(LinkId::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn nil_uuid_is_refused() {
        assert_eq!(LinkId::from_uuid(Uuid::nil()), None);
        assert_eq!(LinkId::from_uuid(Uuid::max()).map(LinkId::as_uuid), Some(Uuid::max()));
    }
}
