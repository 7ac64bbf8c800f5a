//! Values that are parsed once and used several times.

use std::sync::Arc;

use super::{CountryCode, Email, InvalidEmail, InvalidPhone, Phone};

/// Texts with what parsing them gave. A decision clones the list and rarely adds to it.
type Parsed<T, E> = Arc<Vec<(Box<str>, Result<T, E>)>>;

/// E-mail addresses and phone numbers that were parsed while a contact was checked, for its keys and
/// its projection. Parsing a phone number takes a microsecond, a tenth of the work on a contact.
#[derive(Debug, Clone)]
pub(crate) struct ParseCache {
    region: CountryCode,
    emails: Parsed<Email, InvalidEmail>,
    phones: Parsed<Phone, InvalidPhone>,
}

impl ParseCache {
    /// An empty cache. Phone numbers without a country code belong to `region`.
    pub(crate) fn new(region: CountryCode) -> Self {
        Self { region, emails: Arc::default(), phones: Arc::default() }
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
    known: &mut Parsed<T, E>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    if let Some((_, result)) = known.iter().find(|(known, _)| **known == *text) {
        return result.clone();
    }
    let result = parse(text);
    Arc::make_mut(known).push((text.into(), result.clone()));
    result
}
