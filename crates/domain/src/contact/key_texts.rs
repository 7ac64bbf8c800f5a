//! The texts that are keys.

use super::document::ContactDocument;
use crate::tree::{Member, Text};
use crate::value::{CountryCode, PhoneRegions, is_blank, trimmed};

impl ContactDocument {
    /// Trims the keys. Otherwise they are stored and returned as sent (upsert-rules §3.7). A blank
    /// identity key becomes absent, so that an export without its column keeps every key (§4.2).
    pub(crate) fn trim_keys(&mut self) {
        trim_identity(&mut self.external_id);
        trim_identity(&mut self.link_id);
        trim(&mut self.email);
        trim(&mut self.phone);
        trim(&mut self.mobile);
        if let Some(client) = self.client.get_mut() {
            trim(&mut client.vat_number);
        }
        if let Some(supplier) = self.supplier.get_mut() {
            trim(&mut supplier.vat_number);
        }
    }

    /// Makes sure that phone numbers taken from `sources` stay the numbers that they were there: if
    /// the addresses of this document make others of them, they are written with their country. The
    /// first source that has a number gave it.
    pub(crate) fn keep_phones(&mut self, sources: [&Self; 2], organization: CountryCode) {
        let now = PhoneRegions::new(organization, self.country());
        let [first, second] = sources.map(|source| {
            let regions = PhoneRegions::new(organization, source.country());
            source.phones().map(|(_, member)| Some((regions, member.get()?)))
        });
        let members = [&mut self.phone, &mut self.mobile, &mut self.fax];
        for ((member, first), second) in members.into_iter().zip(first).zip(second) {
            if let Some((before, text)) = first.or(second)
                && let Some((old, _)) = before.moved(now, text)
            {
                *member = Member::Value(old.as_str().into());
            }
        }
    }
}

fn trim_identity<T>(member: &mut Member<Text<T>>) {
    trim(member);
    if member.get().is_some_and(|text| is_blank(text)) {
        *member = Member::Absent;
    }
}

fn trim<T>(member: &mut Member<Text<T>>) {
    if let Some(text) = member.get_mut() {
        let trimmed = trimmed(text);
        if trimmed.len() < text.len() {
            *text = Text::from(trimmed);
        }
    }
}
