//! An item as devices send it.

use std::collections::BTreeMap;

use contacts_domain::contact::document::{ContactDocument, Intercom};
use contacts_domain::contact::{ContactType, IntercomEntry};
use contacts_domain::path::Path;
use contacts_domain::tree::{Member, SafeInteger, Text};
use contacts_domain::upsert::{Context, Item, ItemKeys};
use contacts_domain::value::{IntercomType, InvalidRingtone, LinkId};
use contacts_domain::{ContactId, Rule, Violation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::openapi::IntercomTypeSchema;

/// An item of the directory. `null` is absent, other members are ignored, and of a member that is
/// given twice the last counts.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = DeviceItem, example = json!({
    "link_id": "91c615e3-1040-4815-8ecb-039a18b756b2",
    "name": "Entrance",
    "type": "multi",
    "number": "0001-01-01",
    "is_favorite": true,
}))]
pub(crate) struct ItemBody {
    /// The key: a UUID in hyphenated form, in any case, not nil.
    #[schema(format = "uuid")]
    link_id: Option<String>,
    /// Not blank.
    #[schema(required, nullable = false, min_length = 1, max_length = 30)]
    name: Option<String>,
    /// Which form the number has.
    #[serde(rename = "type")]
    #[schema(required, value_type = IntercomTypeSchema)]
    kind: Option<String>,
    /// An internal address of the type, or a SIP URI; for `p2p` a SIP URI.
    #[schema(required, nullable = false, min_length = 1)]
    number: Option<String>,
    /// Shown first.
    #[schema(default = false)]
    is_favorite: Option<bool>,
    /// Answers by itself; not together with `in_black_list`.
    #[schema(default = false)]
    auto_answer: Option<bool>,
    /// Is not let through.
    #[schema(default = false)]
    in_black_list: Option<bool>,
    /// Is called without a server.
    #[schema(default = false)]
    is_p2p: Option<bool>,
    /// A file name without a path.
    #[schema(default = "ring1.wav", max_length = 255)]
    ringtone: Option<String>,
}

/// An item that was read, with the faults that were found before any rule of the domain is checked.
#[derive(Debug)]
pub(crate) struct DeviceItem {
    /// The key, as sent.
    pub(crate) link_id: Option<String>,
    intercom: Option<Intercom>,
    faults: Vec<Violation>,
}

/// The link id of an item, as sent and as the key that names its contact, by a cheap pass: `None`
/// if only reading the item can tell, or if it has none.
pub(crate) fn scan(json: &str) -> Option<(String, ItemKeys)> {
    #[derive(Deserialize)]
    struct OnlyKey<'t> {
        link_id: &'t str,
    }

    let OnlyKey { link_id } = serde_json::from_str(json).ok().filter(|_| json.starts_with('{'))?;
    let key = LinkId::parse(link_id).ok()?;
    Some((link_id.to_owned(), ItemKeys { link_id: Some(key), ..ItemKeys::default() }))
}

impl DeviceItem {
    /// Reads an item from its text, which is JSON. It holds the faults that it finds.
    pub(crate) fn read(json: &str) -> Self {
        // The struct alone would also read an array, position by position.
        if json.starts_with('{')
            && let Ok(item) = serde_json::from_str(json)
        {
            return Self::of(item, Vec::new());
        }
        // Reading each member alone costs more, and finds every member of a wrong type.
        let Ok(members) = serde_json::from_str(json) else {
            let message = misfit(json, "an object");
            let fault = Violation::new(Rule::Readable, Path::root(), "", message);
            return Self { link_id: None, intercom: None, faults: vec![fault] };
        };
        let mut members = Members { members, faults: Vec::new() };
        let item = ItemBody {
            link_id: members.text("link_id"),
            name: members.text("name"),
            kind: members.text("type"),
            number: members.text("number"),
            is_favorite: members.flag("is_favorite"),
            auto_answer: members.flag("auto_answer"),
            in_black_list: members.flag("in_black_list"),
            is_p2p: members.flag("is_p2p"),
            ringtone: members.text("ringtone"),
        };
        Self::of(item, members.faults)
    }

    fn of(item: ItemBody, mut faults: Vec<Violation>) -> Self {
        // The document counts a blank link id or ringtone as absent, trims the link id, and takes a type
        // in any case. The device contract trims nothing and shows no warning.
        let link_id = item.link_id.filter(|text| match LinkId::parse(text) {
            Ok(_) => true,
            Err(error) => {
                let path = Path::of("linkId");
                faults.push(Violation::new(Rule::LinkId, path, text, error.to_string()));
                false
            }
        });
        let kind = item.kind.filter(|text| match IntercomType::parse(text) {
            Err(error) if !text.trim().is_empty() => {
                let path = Path::of("type");
                faults.push(Violation::new(Rule::ClosedList, path, text, error.to_string()));
                false
            }
            _ => true,
        });
        if let Some(text) = &item.ringtone
            && text.trim().is_empty()
        {
            let message = InvalidRingtone::Blank.to_string();
            faults.push(Violation::new(
                Rule::IntercomRingtone,
                Path::of("ringtone"),
                text,
                message,
            ));
        }
        let flag = |flag: Option<bool>| flag.unwrap_or_default().into();
        let ringtone = item.ringtone.unwrap_or_else(|| IntercomEntry::DEFAULT_RINGTONE.to_owned());
        let intercom = Intercom {
            name: text_or_null(item.name),
            kind: text_or_null(kind),
            number: text_or_null(item.number),
            is_favorite: flag(item.is_favorite),
            auto_answer: flag(item.auto_answer),
            in_black_list: flag(item.in_black_list),
            is_p2p: flag(item.is_p2p),
            ringtone: Text::from(ringtone).into(),
        };
        Self { link_id, intercom: Some(intercom), faults }
    }

    /// The item for the upsert. It creates a contact of type ENDPOINT; with an `id` it is about the
    /// contact of that id.
    pub(crate) fn into_item(self, id: Option<ContactId>, context: &Context) -> Item {
        let document = ContactDocument {
            id: id.and_then(|id| SafeInteger::new(id.get())).into(),
            link_id: self.link_id.map(Text::from).into(),
            intercom: self.intercom.map(Box::new).into(),
            ..ContactDocument::default()
        };
        Item::of_type(ContactType::Endpoint, document, context).with_faults(self.faults)
    }
}

/// A required text. Absent counts as null, so that a stored text does not stay.
fn text_or_null<T>(text: Option<String>) -> Member<Text<T>> {
    text.map_or(Member::Null, |text| Text::from(text).into())
}

/// The members of an object, not yet read.
struct Members<'t> {
    members: BTreeMap<String, &'t RawValue>,
    /// The members of a wrong type.
    faults: Vec<Violation>,
}

impl Members<'_> {
    fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, "text")
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "true or false")
    }

    fn read<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Option<T> {
        let json = self.members.get(name)?.get();
        serde_json::from_str(json).unwrap_or_else(|_| {
            let message = misfit(json, expected);
            self.faults.push(Violation::new(Rule::JsonTypes, Path::of(name), "", message));
            None
        })
    }
}

/// Why a JSON value cannot be read as what is expected. Its first byte shows its type.
fn misfit(json: &str, expected: &str) -> String {
    let found = match json.bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    };
    if found == expected {
        // JSON can spell half of a surrogate pair, which UTF-8 cannot (RFC 8259 §8.2).
        return "must not hold half of a surrogate pair".to_owned();
    }
    format!("must be {expected}, not {found}")
}
