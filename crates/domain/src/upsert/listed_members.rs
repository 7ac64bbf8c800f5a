//! The members of a stored document that a list shows, read without the others.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::contact::{DOCUMENT_VERSION, Record};

#[derive(Deserialize)]
pub(super) struct ListedMembers {
    pub(super) email: Option<Box<str>>,
    pub(super) phone: Option<Box<str>>,
    #[serde(default, deserialize_with = "first")]
    pub(super) addresses: FirstAddress,
}

#[derive(Default, Deserialize)]
pub(super) struct FirstAddress {
    pub(super) city: Option<Box<str>>,
    #[serde(rename = "countryCode2")]
    pub(super) country_code2: Option<Box<str>>,
}

impl ListedMembers {
    /// Those of a contact, or `None` if its document cannot be read.
    pub(super) fn read(record: &Record) -> Option<Self> {
        if record.document_version != DOCUMENT_VERSION {
            return None;
        }
        serde_json::from_str(&record.document).ok()
    }
}

/// Reads the first element of an array.
fn first<'de, D: Deserializer<'de>>(json: D) -> Result<FirstAddress, D::Error> {
    struct First;

    impl<'de> Visitor<'de> for First {
        type Value = FirstAddress;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<FirstAddress, A::Error> {
            let first = array.next_element()?.unwrap_or_default();
            while array.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }
    }

    json.deserialize_seq(First)
}
