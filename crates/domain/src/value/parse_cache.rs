//! Values that are parsed once and used several times.

use std::sync::Arc;

use super::{CountryCode, Email, InvalidEmail, InvalidPhone, PhoneReading, PhoneRegions};

/// Texts with what parsing them gave. A decision clones the list and rarely adds to it.
type Parsed<T, E> = Arc<Vec<(Box<str>, Result<T, E>)>>;

/// E-mail addresses and phone numbers that were parsed while a contact was checked, for its keys and
/// its projection. Parsing a phone number takes a microsecond, a tenth of the work on a contact.
#[derive(Debug, Clone)]
pub(crate) struct ParseCache {
    regions: PhoneRegions,
    emails: Parsed<Email, InvalidEmail>,
    phones: Parsed<PhoneReading, InvalidPhone>,
}

impl ParseCache {
    /// An empty cache for contacts of an organization in that region.
    pub(crate) fn new(organization: CountryCode) -> Self {
        let regions = PhoneRegions::new(organization, None);
        Self { regions, emails: Arc::default(), phones: Arc::default() }
    }

    /// From now on, phone numbers are those of a contact in that country.
    pub(crate) fn set_country(&mut self, contact: Option<CountryCode>) {
        let regions = self.regions.with_contact(contact);
        if self.regions != regions {
            self.regions = regions;
            self.phones = Arc::default();
        }
    }

    /// Parses an e-mail address.
    pub(crate) fn email(&mut self, text: &str) -> Result<Email, InvalidEmail> {
        remember(&mut self.emails, text, Email::parse)
    }

    /// Parses a phone number.
    pub(crate) fn phone(&mut self, text: &str) -> Result<PhoneReading, InvalidPhone> {
        let regions = self.regions;
        remember(&mut self.phones, text, |text| regions.read(text))
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
