//! Identity keys: each names at most one living contact of an organization.

use std::borrow::Cow;

use crate::value::LinkId;

/// The value of an identity key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AliasKey {
    /// An external id, trimmed.
    ExternalId(String),
    /// A link id.
    LinkId(LinkId),
}

impl AliasKey {
    /// The kind of the key, as stores name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ExternalId(_) => "EXTERNAL_ID",
            Self::LinkId(_) => "LINK_ID",
        }
    }

    /// The value of the key as text.
    pub fn value(&self) -> Cow<'_, str> {
        match self {
            Self::ExternalId(external_id) => external_id.into(),
            Self::LinkId(link_id) => link_id.to_string().into(),
        }
    }

    /// The key of that kind and value, or `None` if they are no key's.
    ///
    /// ```
    /// use contacts_domain::AliasKey;
    /// let key = AliasKey::ExternalId("ERP-1".to_owned());
    /// assert_eq!(AliasKey::parse(key.kind(), &key.value()), Some(key));
    /// ```
    pub fn parse(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "EXTERNAL_ID" => Some(Self::ExternalId(value.to_owned())),
            "LINK_ID" => LinkId::parse(value).ok().map(Self::LinkId),
            _ => None,
        }
    }
}

/// The identity keys of one contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityKeys {
    /// The external id, trimmed.
    pub external_id: Option<String>,
    /// The link id.
    pub link_id: Option<LinkId>,
}

impl IdentityKeys {
    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.external_id.is_none() && self.link_id.is_none()
    }
}

impl IntoIterator for IdentityKeys {
    type Item = AliasKey;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<AliasKey>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.external_id.map(AliasKey::ExternalId), self.link_id.map(AliasKey::LinkId)]
            .into_iter()
            .flatten()
    }
}
