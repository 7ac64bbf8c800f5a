//! The normal forms of texts with a rule: what all spellings of a value have in common.

use crate::value::{
    AvsNumber, BankCustomerNumber, Bic, CalendarDate, CountryCode, Iban, IsrCustomerNumber, LinkId,
    ParseCache, TagName, VatNumber, visible,
};

pub(crate) fn email(text: &str, cache: &mut ParseCache) -> Option<String> {
    cache.email(text).ok().map(|email| email.to_string())
}

/// In the region of the contact that the cache is set to.
pub(crate) fn phone(text: &str, cache: &mut ParseCache) -> Option<String> {
    cache.phone(text).ok().map(|read| read.phone.to_string())
}

/// The day, with the time as it is written unless that is midnight: an export without a time of day
/// adds one, and another time is another value.
pub(crate) fn date(text: &str, _: &mut ParseCache) -> Option<String> {
    let day = CalendarDate::meant_by(text)?;
    let text = visible(text);
    let time = text.trim().split_once(['T', 't', ' ']).map_or("", |(_, time)| time.trim());
    let is_part = |c: &char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    let is_midnight = !time.chars().take_while(is_part).any(|c| matches!(c, '1'..='9'));
    Some(if is_midnight { day.to_string() } else { format!("{day}T{time}") })
}

pub(crate) fn country_code(text: &str, _: &mut ParseCache) -> Option<String> {
    CountryCode::meant_by(text).map(|code| code.to_string())
}

pub(crate) fn link_id(text: &str, _: &mut ParseCache) -> Option<String> {
    LinkId::parse(text).ok().map(|id| id.to_string())
}

/// Of an IBAN; in other account numbers, hyphens and spaces may tell one from another.
pub(crate) fn iban(text: &str, _: &mut ParseCache) -> Option<String> {
    Iban::parse(text).ok().map(|iban| iban.to_string())
}

pub(crate) fn bic(text: &str, _: &mut ParseCache) -> Option<String> {
    Bic::meant_by(text).map(|bic| bic.to_string())
}

pub(crate) fn bank_customer_number(text: &str, _: &mut ParseCache) -> Option<String> {
    BankCustomerNumber::parse(&visible(text)).ok().map(|number| number.to_string())
}

pub(crate) fn isr_customer_number(text: &str, _: &mut ParseCache) -> Option<String> {
    IsrCustomerNumber::parse(&visible(text)).ok().map(|number| number.to_string())
}

pub(crate) fn vat_number(text: &str, _: &mut ParseCache) -> Option<String> {
    VatNumber::normal_form(text)
}

pub(crate) fn avs_number(text: &str, _: &mut ParseCache) -> Option<String> {
    AvsNumber::parse(&visible(text)).ok().map(|number| number.to_string())
}

/// The name decides which tag it is.
pub(crate) fn tag_name(text: &str, _: &mut ParseCache) -> Option<String> {
    TagName::parse(text).ok().map(|name| name.folded().to_owned())
}
