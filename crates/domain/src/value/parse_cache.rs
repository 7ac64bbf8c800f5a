//! Values that are parsed once and used several times.

use super::{CountryCode, Email, InvalidEmail, InvalidPhone, Phone};

/// E-mail addresses and phone numbers that were parsed while a contact was checked, for its keys and
/// its projection. Parsing a phone number takes a microsecond, a tenth of the work on a contact.
#[derive(Debug, Clone)]
pub struct ParseCache {
    region: CountryCode,
    emails: Vec<(Box<str>, Result<Email, InvalidEmail>)>,
    phones: Vec<(Box<str>, Result<Phone, InvalidPhone>)>,
}

impl ParseCache {
    /// An empty cache. Phone numbers without a country code belong to `region`.
    pub(crate) fn new(region: CountryCode) -> Self {
        Self { region, emails: Vec::new(), phones: Vec::new() }
    }

    /// Parses an e-mail address.
    pub(crate) fn email(&mut self, text: &str) -> Result<Email, InvalidEmail> {
        remember(&mut self.emails, text, Email::parse)
    }

    /// Parses a phone number.
    pub(crate) fn phone(&mut self, text: &str) -> Result<Phone, InvalidPhone> {
        let region = self.region;
        remember(&mut self.phones, text, |text| Phone::parse(text, region))
    }
}

fn remember<T: Clone, E: Clone>(
    known: &mut Vec<(Box<str>, Result<T, E>)>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    if let Some((_, result)) = known.iter().find(|(known, _)| **known == *text) {
        return result.clone();
    }
    let result = parse(text);
    known.push((text.into(), result.clone()));
    result
}
