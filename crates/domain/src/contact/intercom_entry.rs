//! A contact as an intercom shows it.

use super::document::ContactDocument;
use crate::tree::{Member, Text};
use crate::value::{LinkId, sort_key};

macro_rules! entry {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// A contact as an entry of an intercom's directory: its link id and its `intercom` block,
        /// with the defaults where a member is absent.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct IntercomEntry {
            $($(#[$doc])* pub $name: $type,)+
        }
    };
}

crate::entry_columns!(entry);

impl IntercomEntry {
    /// The ringtone of an entry without one.
    pub const DEFAULT_RINGTONE: &str = "ring1.wav";

    /// The key that sorts an entry of that name as people do, by the order of its bytes: base letters
    /// first, then accents, then case.
    pub fn sort_key(name: &str) -> String {
        sort_key(name)
    }

    /// The entry of a document, or `None` without an `intercom` block.
    pub fn of(document: &ContactDocument) -> Option<Self> {
        let intercom = document.intercom.get()?;
        let flag = |flag: &Member<bool>| flag.get().copied().unwrap_or(false);
        let ringtone = intercom.ringtone.get().map_or(Self::DEFAULT_RINGTONE, |text| text.as_str());
        let name = text(&intercom.name);
        Some(Self {
            sort_key: Self::sort_key(&name),
            link_id: document.link_id.get().and_then(|text| LinkId::parse(text).ok()),
            name,
            kind: text(&intercom.kind),
            number: text(&intercom.number),
            is_favorite: flag(&intercom.is_favorite),
            auto_answer: flag(&intercom.auto_answer),
            in_black_list: flag(&intercom.in_black_list),
            is_p2p: flag(&intercom.is_p2p),
            ringtone: ringtone.to_owned(),
        })
    }
}

fn text<T>(member: &Member<Text<T>>) -> String {
    member.get().map(|text| text.as_str().to_owned()).unwrap_or_default()
}
