//! What an intercom shows of a contact.

use super::document::ContactDocument;
use super::{Contact, Snapshot};
use crate::tree::{Member, Text};
use crate::value::LinkId;

/// A contact as an entry of an intercom's directory: its `intercom` block, with the defaults where
/// a member is empty, and its link id.
///
/// Derived from the document by one function; stores that list entries copy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntercomEntry {
    /// The key that a device bound the contact to.
    pub link_id: Option<LinkId>,
    /// The name that the intercom shows.
    pub name: String,
    /// The type: `regular`, `individual`, `multi` or `p2p`.
    pub kind: String,
    /// An internal address of the type, or a SIP URI.
    pub number: String,
    /// Shown first.
    pub is_favorite: bool,
    /// Answers by itself.
    pub auto_answer: bool,
    /// Is not let through.
    pub in_black_list: bool,
    /// Is called without a server.
    pub is_p2p: bool,
    /// The file name of the ringtone.
    pub ringtone: String,
}

impl IntercomEntry {
    /// The ringtone of an entry that names none.
    pub const DEFAULT_RINGTONE: &str = "ring1.wav";

    /// The entry of a document; `None` where it has no `intercom` block.
    pub fn of(document: &ContactDocument) -> Option<Self> {
        let intercom = document.intercom.get()?;
        let flag = |flag: &Member<bool>| flag.get().copied().unwrap_or(false);
        let ringtone = intercom.ringtone.get().map_or(Self::DEFAULT_RINGTONE, |text| text.as_str());
        Some(Self {
            link_id: document.link_id.get().and_then(|text| LinkId::parse(text).ok()),
            name: text(&intercom.name),
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

impl Snapshot {
    /// The entry of a living contact that has an `intercom` block.
    pub fn intercom_entry(&self) -> Option<IntercomEntry> {
        match self.record.deleted_at {
            None => IntercomEntry::of(&self.document),
            Some(_) => None,
        }
    }
}

impl Contact {
    /// The entry of a living contact that has an `intercom` block.
    pub fn intercom_entry(&self) -> Option<IntercomEntry> {
        self.snapshot.intercom_entry()
    }
}

fn text<T>(member: &Member<Text<T>>) -> String {
    member.get().map(|text| text.as_str().to_owned()).unwrap_or_default()
}
