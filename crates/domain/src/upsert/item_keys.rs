//! The identity keys of an item, by a cheap pass over its text.

use super::options::Key;
use crate::ids::ContactId;
use crate::json::Reader;
use crate::value::{LinkId, is_blank, trimmed};

/// The identity keys that an item names a contact by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemKeys {
    /// The id.
    pub id: Option<ContactId>,
    /// The external id, trimmed.
    pub external_id: Option<String>,
    /// The link id.
    pub link_id: Option<LinkId>,
    /// At least as many as the contacts that it names in its relations.
    pub relations: usize,
}

impl ItemKeys {
    /// Finds the keys of a JSON object without reading the rest of it. Returns `None` where only
    /// reading it can tell: a name or a key with escapes, a key that comes twice or is not of its
    /// type, two different ids, a member that says what to do with the item (`$`).
    pub fn scan(json: &str) -> Option<Self> {
        let mut reader = Reader::of_text(json);
        if reader.peek() != Some(b'{') {
            return None;
        }
        reader.enter();
        let [mut id, mut contact_id, mut external_id, mut link_id] = [None; 4];
        let mut relations = 0;
        while let Some(name) = reader.plain_name()? {
            let key = match name {
                "id" => &mut id,
                "contactId" => &mut contact_id,
                "externalId" => &mut external_id,
                "linkId" => &mut link_id,
                "relatedContactIds" | "relatedOrganizationContactIds" => {
                    relations += reader.skip().split(',').count();
                    continue;
                }
                _ if name.starts_with('$') => return None,
                _ => {
                    reader.skip();
                    continue;
                }
            };
            if key.replace(reader.plain_scalar()?).is_some() {
                return None;
            }
        }
        let id = number(id)?;
        let contact_id = number(contact_id)?;
        if id.is_some() && contact_id.is_some() && id != contact_id {
            return None;
        }
        let link_id = match text(link_id)? {
            Some(text) => Some(LinkId::parse(text).ok()?),
            None => None,
        };
        let external_id = text(external_id)?.map(str::to_owned);
        Some(Self { id: id.or(contact_id), external_id, link_id, relations })
    }

    /// Whether the item has that identity key.
    pub(super) fn include(&self, key: Key) -> bool {
        match key {
            Key::Id => self.id.is_some(),
            Key::LinkId => self.link_id.is_some(),
            Key::ExternalId => self.external_id.is_some(),
            Key::Email | Key::Phone | Key::VatNumber => false,
        }
    }
}

/// The id in a scalar; the outer `None` if it is another one.
fn number(scalar: Option<&str>) -> Option<Option<ContactId>> {
    match scalar {
        None | Some("null") => Some(None),
        Some(number) => Some(Some(number.parse().ok().and_then(ContactId::new)?)),
    }
}

/// The trimmed text in a scalar, unless it is blank; the outer `None` if it is no text.
fn text(scalar: Option<&str>) -> Option<Option<&str>> {
    match scalar {
        None | Some("null") => Some(None),
        Some(quoted) => {
            let text = trimmed(quoted.strip_prefix('"')?.strip_suffix('"')?);
            Some(Some(text).filter(|text| !is_blank(text)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::Context;
    use crate::ids::OrganizationId;
    use crate::timestamp::Timestamp;
    use crate::upsert::Item;
    use crate::value::CountryCode;

    #[test]
    fn keys_are_found_beside_everything_else() {
        let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
        let json = format!(
            r#" {{"a": ["id", {{"id": 2}}], "externalId" : " A ", "id":7, "b": "\"id\": 3",
                "linkId":"{link_id}", "contactId": 7, "relatedContactIds": [1, 2, 3]}} "#
        );
        let keys = ItemKeys {
            id: ContactId::new(7),
            external_id: Some("A".to_owned()),
            link_id: LinkId::parse(link_id).ok(),
            relations: 3,
        };
        assert_eq!(ItemKeys::scan(&json), Some(keys));
    }

    #[test]
    fn what_only_reading_can_tell_is_left_to_it() {
        for json in [
            "",
            "[]",
            "null",
            r#"{"externalId": "\u0041"}"#,
            r#"{"external\u0049d": "A"}"#,
            r#"{"externalId": "A", "externalId": "B"}"#,
            r#"{"externalId": 1}"#,
            r#"{"externalId": ["A"]}"#,
            r#"{"id": 1, "contactId": 2}"#,
            r#"{"id": 1.0}"#,
            r#"{"id": 0}"#,
            r#"{"linkId": "A"}"#,
            r#"{"externalId": "A", "$": {"delete": true}}"#,
        ] {
            assert_eq!(ItemKeys::scan(json), None, "{json}");
        }
    }

    /// Items of a few members, with names and values that are keys, are like keys, or are not JSON.
    fn item() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec![
            "externalId",
            "linkId",
            "id",
            "contactId",
            "relatedContactIds",
            "external\\u0049d",
            "ExternalId",
            "name",
            "customFields",
        ]);
        let value = prop::sample::select(vec![
            "null",
            "1",
            "7",
            "-1",
            "1.0",
            "\" A \"",
            "\"A\\u0020\"",
            "\"\"",
            "\"\u{feff}A\"",
            "[1,2]",
            "[]",
            "{\"externalId\": \"B\"}",
            "\"6F9619FF-8B86-D011-B42D-00CF4FC964FF\"",
            "\"\\\"\"",
            "{",
            "\"",
        ]);
        let space = prop::sample::select(vec!["", " ", "\n"]);
        prop::collection::vec((name, value, space), 0..5).prop_map(|members| {
            let member = |(name, value, space)| format!("{space}\"{name}\"{space}:{space}{value}");
            let members: Vec<String> = members.into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn keys_found_are_those_that_reading_finds(json in item()) {
            let organization = OrganizationId::new(1).unwrap();
            let region = CountryCode::parse("CH").unwrap();
            let context = Context::new(organization, region, Timestamp::from_micros(0));
            if let Some(keys) = ItemKeys::scan(&json)
                && let Some(parsed) = Item::read(&json, &context).parsed()
                && parsed.draft.violations.is_empty()
                && parsed.noted.is_empty()
            {
                prop_assert!(parsed.has(&keys), "{keys:?}");
            }
        }

        #[test]
        fn no_text_stops_the_scan(json in "[{}\\[\\]\",:\\\\a1 é]*") {
            ItemKeys::scan(&json);
        }
    }
}
