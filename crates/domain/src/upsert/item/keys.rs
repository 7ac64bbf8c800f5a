//! The keys of an item.

use crate::contact::document::ContactDocument;
use crate::context::{MatchBy, SharedKey};
use crate::tree::{Member, Presence, Text, TextValue};
use crate::value::{LinkId, ParseCache, PhoneReading};

/// The keys of an item, in their normal forms. It has no shared key that the organization does not
/// match by.
#[derive(Debug, Clone, Default)]
pub(in crate::upsert) struct Keys {
    pub(in crate::upsert) link_id: Option<LinkId>,
    pub(in crate::upsert) external_id: Option<String>,
    pub(in crate::upsert) email: Option<String>,
    pub(in crate::upsert) phones: Vec<String>,
    pub(in crate::upsert) vat_number: Option<String>,
}

impl Keys {
    pub(super) fn of(
        document: &ContactDocument,
        matchable: MatchBy,
        cache: &mut ParseCache,
    ) -> Self {
        let matches_by = |key| matchable.includes(key);
        if matches_by(SharedKey::Phone) {
            cache.set_country(document.country());
        }
        let link_id = document.link_id.get();
        let external_id = key_text(&document.external_id);
        let email = key_text(&document.email).filter(|_| matches_by(SharedKey::Email));
        let email = email.and_then(|text| cache.email(text).ok());
        let mut phones = Vec::new();
        let sent = [&document.phone, &document.mobile].into_iter().filter_map(key_text);
        for text in sent.filter(|_| matches_by(SharedKey::Phone)) {
            if let Ok(PhoneReading { phone, .. }) = cache.phone(text)
                && !phones.iter().any(|known| known == phone.as_str())
            {
                phones.push(phone.as_str().to_owned());
            }
        }
        Self {
            link_id: link_id.and_then(|text| LinkId::parse(text).ok()),
            external_id: external_id.map(str::to_owned),
            email: email.map(|email| email.as_str().to_owned()),
            phones,
            vat_number: matches_by(SharedKey::VatNumber)
                .then(|| document.vat_number_key())
                .flatten()
                .filter(|text| can_be_stored(text)),
        }
    }
}

/// The text of a key, unless it is blank or no contact can have it.
fn key_text<T: TextValue>(member: &Member<Text<T>>) -> Option<&str> {
    match member.presence() {
        Presence::Value => member.get().map(Text::as_str).filter(|text| can_be_stored(text)),
        Presence::Null | Presence::Absent => None,
    }
}

/// No stored text holds NUL, and not every database takes it in a query.
fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
}
