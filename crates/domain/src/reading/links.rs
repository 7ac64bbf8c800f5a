//! Relations that name a contact instead of its id.

use crate::contact::RELATION_LISTS;
use crate::json::{Json, Members};

/// A contact that a relation names: an item of the same batch, or any contact with that external id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// The contact of the item with that `$.ref`.
    Ref(Box<str>),
    /// The contact with that external id.
    ExternalId(Box<str>),
}

/// An element of a list of relations that names its contact.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    /// The list, as a place in [`RELATION_LISTS`].
    pub(crate) list: usize,
    /// Its place in the list as it was sent.
    pub(crate) index: usize,
    pub(crate) target: Target,
}

impl Target {
    fn of(members: &Members) -> Option<Self> {
        let mut members = members.iter();
        // No key holds NUL, and not every database takes it in a query.
        let is_key = |key: &str| !key.contains('\0');
        match (members.next()?, members.next()) {
            (("ref", Json::Text(name)), None) => Some(Self::Ref(name.clone())),
            (("externalId", Json::Text(key)), None) if is_key(key) => {
                Some(Self::ExternalId(crate::value::trimmed(key).into()))
            }
            _ => None,
        }
    }

    /// The external id, if it names one.
    pub(crate) fn external_id(&self) -> Option<&str> {
        match self {
            Self::Ref(_) => None,
            Self::ExternalId(key) => Some(key),
        }
    }

    /// What violations quote.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Ref(text) | Self::ExternalId(text) => text,
        }
    }
}

/// Takes the links out of an item, and leaves 0, which is no id, in their places.
pub(super) fn take_links(item: &mut Json) -> Vec<Link> {
    let mut links = Vec::new();
    let Json::Object(members) = item else { return links };
    for (list, name) in RELATION_LISTS.into_iter().enumerate() {
        let Some(Json::Array(elements)) = members.get_mut(name) else { continue };
        for (index, element) in elements.iter_mut().enumerate() {
            if let Json::Object(members) = element
                && let Some(target) = Target::of(members)
            {
                *element = Json::zero();
                links.push(Link { list, index, target });
            }
        }
    }
    links
}
