//! The members of contacts that a list shows.

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::tree::Shaped as _;

use crate::problem::{Problem, cut};
use crate::request::raw_object;
use crate::v1::word::did_you_mean;

/// Shown of a deleted contact, beside the members of the document.
const DELETED_AT: &str = "deletedAt";

/// A condition of a change, which no contact shows.
const IF_VERSION: &str = "ifVersion";

/// The members of contacts that a request asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Fields(Vec<&'static str>);

impl Fields {
    /// Reads names between commas. The error says what they have to be.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let members = ContactDocument::SHAPE.members.iter().map(|member| member.name);
        let known: Vec<&str> =
            members.chain([DELETED_AT]).filter(|name| *name != IF_VERSION).collect();
        let mut fields = Vec::new();
        for name in text.split(',').map(str::trim) {
            let Some(field) = known.iter().find(|known| **known == name) else {
                let proposal = did_you_mean(name, &known)
                    .map(|word| format!("; did you mean {word}?"))
                    .unwrap_or_default();
                let name = cut(name, 100);
                return Err(format!("a list of members of contacts, not {name:?}{proposal}"));
            };
            if !fields.contains(field) {
                fields.push(*field);
            }
        }
        Ok(Self(fields))
    }

    /// The contact with these members alone.
    pub(super) fn of(&self, contact: &[u8]) -> Result<Vec<u8>, Problem> {
        let text = str::from_utf8(contact).map_err(Problem::internal)?;
        let members = raw_object::with(text, |name| self.0.contains(&name));
        members.map(String::into_bytes).map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_members_can_be_asked_for() {
        for (text, read) in [
            ("id", Ok(vec!["id"])),
            ("displayName, id,id", Ok(vec!["displayName", "id"])),
            ("deletedAt", Ok(vec!["deletedAt"])),
            ("", Err("a list of members of contacts, not \"\"")),
            ("id,", Err("a list of members of contacts, not \"\"")),
            (
                "ifVersion",
                Err("a list of members of contacts, not \"ifVersion\"; did you mean version?"),
            ),
            (
                "displayname",
                Err(
                    "a list of members of contacts, not \"displayname\"; did you mean displayName?",
                ),
            ),
            ("addresses[0].city", Err("a list of members of contacts, not \"addresses[0].city\"")),
        ] {
            let fields = Fields::read(text).map(|Fields(names)| names);
            assert_eq!(fields, read.map_err(str::to_owned), "{text}");
        }
    }
}
