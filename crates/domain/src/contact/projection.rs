//! The columns that follow from a document.

use std::collections::BTreeSet;

use super::columns::SortKey;
use super::document::ContactDocument;
use super::record::{ContactType, Projection};
use crate::context::{MatchBy, SharedKey};
use crate::tree::{Member, Text};
use crate::value::{CountryCode, LinkId, ParseCache, Phone, VatNumber, is_blank, trimmed};

impl Projection {
    /// The projection of a document of that type, in an organization that matches by these keys. It
    /// has no other shared key. This is the only function that computes one.
    pub(crate) fn of(
        document: &ContactDocument,
        contact_type: ContactType,
        match_by: MatchBy,
        cache: &mut ParseCache,
    ) -> Self {
        fn key<T>(is_key: bool, member: &Member<Text<T>>) -> Option<&Text<T>> {
            member.get().filter(|_| is_key)
        }
        let (has_email, has_phones) =
            (match_by.includes(SharedKey::Email), match_by.includes(SharedKey::Phone));
        if has_phones {
            cache.set_country(document.country());
        }
        let mut phone =
            |member| Some(cache.phone(key(has_phones, member)?).ok()?.phone.as_str().to_owned());
        let text = |text: &Text<_>| text.as_str().to_owned();
        let flag = |flag: &Member<bool>| flag.get().copied().unwrap_or(false);
        let display_name = document.display_name_text();
        let sort_key = SortKey::of(&display_name);
        Self {
            contact_type,
            external_id: document.external_id.get().map(text),
            link_id: document.link_id.get().and_then(|id| LinkId::parse(id).ok()),
            display_name,
            phone: phone(&document.phone),
            mobile: phone(&document.mobile),
            email: key(has_email, &document.email)
                .and_then(|text| Some(cache.email(text).ok()?.as_str().to_owned())),
            vat_number: match_by
                .includes(SharedKey::VatNumber)
                .then(|| document.vat_number_key())
                .flatten(),
            archived: flag(&document.archived),
            is_customer: flag(&document.is_customer),
            is_vendor: flag(&document.is_vendor),
            is_staff: flag(&document.is_staff),
            sort_key,
            countries: document.countries(),
            tags: document.tag_ids(),
        }
    }
}

/// The columns of lists of a row that is older than they are: `sort_key`, `countries` and `tags`. A
/// document that cannot be read yields none of the last two.
pub fn list_columns(display_name: &str, document: &str) -> (SortKey, String, String) {
    let document: ContactDocument = serde_json::from_str(document).unwrap_or_default();
    (SortKey::of(display_name), document.countries(), document.tag_ids())
}

impl ContactDocument {
    /// The type, or `None` if it is missing or unknown.
    pub(crate) fn contact_type(&self) -> Option<ContactType> {
        ContactType::parse(self.contact_type.get()?)
    }

    /// The display name: the name, or first and last name, or the name that an intercom shows.
    pub(crate) fn display_name_text(&self) -> String {
        let name = shown(self.name.get());
        let first = shown(self.first_name.get());
        let last = shown(self.last_name.get());
        let person = match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (one, other) => one.or(other).map(str::to_owned),
        };
        let entry = || {
            let intercom = self.intercom.get()?;
            shown(intercom.name.get()).map(str::to_owned)
        };
        let called = match self.contact_type() {
            Some(ContactType::Organization) => name.map(str::to_owned),
            Some(ContactType::Person) => person,
            Some(ContactType::Endpoint) => entry(),
            None => None,
        };
        called.unwrap_or_default()
    }

    /// The one country that its addresses name, or `None` if they name several or none.
    pub(crate) fn country(&self) -> Option<CountryCode> {
        let addresses = self.addresses.get()?.iter();
        let mut named =
            addresses.filter_map(|address| CountryCode::parse(address.country_code2.get()?).ok());
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// The countries of its addresses, each once and between commas.
    fn countries(&self) -> String {
        let codes = self.addresses.get().into_iter().flatten().filter_map(|address| {
            let code = CountryCode::parse(address.country_code2.get()?).ok()?;
            Some(code.as_str().to_owned())
        });
        between_commas(codes.collect())
    }

    /// The ids of its tags, each once and between commas.
    fn tag_ids(&self) -> String {
        let tags = self.tags.get().into_iter().flatten();
        between_commas(tags.filter_map(|tag| Some(tag.id.get()?.get().to_string())).collect())
    }

    /// Its phone numbers by the names of their members. The fax number is no key.
    pub(crate) fn phones(&self) -> [(&'static str, &Member<Text<Phone>>); 3] {
        [("phone", &self.phone), ("mobile", &self.mobile), ("fax", &self.fax)]
    }

    /// The VAT number as a key: that of the client block, else that of the supplier block.
    pub(crate) fn vat_number_key(&self) -> Option<String> {
        let client = self.client.get().and_then(|client| client.vat_number.get());
        let supplier = self.supplier.get().and_then(|supplier| supplier.vat_number.get());
        let key = |text: Option<&Text<VatNumber>>| VatNumber::normal_form(text?);
        key(client).or_else(|| key(supplier))
    }
}

/// `,a,b,`, so that a search for `,a,` finds exactly one of them; nothing of none.
fn between_commas(values: BTreeSet<String>) -> String {
    let mut text = String::new();
    for value in values {
        if text.is_empty() {
            text.push(',');
        }
        text.push_str(&value);
        text.push(',');
    }
    text
}

fn shown<T>(text: Option<&Text<T>>) -> Option<&str> {
    text.map(|text| trimmed(text)).filter(|text| !is_blank(text))
}
