//! Phone numbers that are written without their country.

use super::{CountryCode, InvalidPhone, Phone};

/// The regions that a phone number of a contact may belong to, if it is written without its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhoneRegions {
    contact: CountryCode,
    organization: CountryCode,
}

/// A phone number as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhoneReading {
    /// The number.
    pub(crate) phone: Phone,
    /// Another number that it could be: that of the organization's region.
    pub(crate) other: Option<Phone>,
}

impl PhoneRegions {
    /// Those of a contact in that country; if it is not known, that of the organization alone.
    pub(crate) fn new(organization: CountryCode, contact: Option<CountryCode>) -> Self {
        Self { contact: contact.unwrap_or(organization), organization }
    }

    /// The same organization, and a contact in that country.
    pub(crate) fn with_contact(self, contact: Option<CountryCode>) -> Self {
        Self::new(self.organization, contact)
    }

    /// Reads a number. The contact's region comes first.
    pub(crate) fn read(self, text: &str) -> Result<PhoneReading, InvalidPhone> {
        let own = Phone::parse(text, self.contact);
        let has_country = text.trim_start().starts_with('+');
        if has_country || self.contact == self.organization {
            return own.map(|phone| PhoneReading { phone, other: None });
        }
        match (own, Phone::parse(text, self.organization)) {
            (Ok(phone), other) => {
                let other = other.ok().filter(|other| *other != phone);
                Ok(PhoneReading { phone, other })
            }
            (Err(_), Ok(phone)) => Ok(PhoneReading { phone, other: None }),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// What a number was in these regions and what it is in others, if that is another one or none.
    pub(crate) fn moved(self, to: Self, text: &str) -> Option<(Phone, Option<Phone>)> {
        if self == to {
            return None;
        }
        let (was, is) = (self.read(text).ok()?.phone, to.read(text).ok().map(|read| read.phone));
        (is.as_ref() != Some(&was)).then_some((was, is))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, contact: &str, organization: &str) -> Vec<String> {
        let region = |code| CountryCode::parse(code).unwrap();
        let regions = PhoneRegions::new(region(organization), Some(region(contact)));
        let reading = regions.read(text).map(|PhoneReading { phone, other }| {
            [Some(phone), other].into_iter().flatten().map(|phone| phone.to_string()).collect()
        });
        reading.unwrap_or_default()
    }

    #[test]
    fn contact_region_comes_first() {
        for (text, contact, organization, expected) in [
            ("06 12 34 56 78", "FR", "CH", &["+33612345678", "+41612345678"][..]),
            ("06 12 34 56 78", "CH", "FR", &["+41612345678", "+33612345678"]),
            ("0221 123456", "DE", "CH", &["+49221123456", "+41221123456"]),
            ("01 23 45 67 89", "FR", "CH", &["+33123456789"]),
            ("079 123 45 67", "US", "CH", &["+41791234567"]),
            ("079 123 45 67", "CH", "CH", &["+41791234567"]),
            // A territory without a numbering plan.
            ("079 123 45 67", "AQ", "CH", &["+41791234567"]),
            ("079 123 45 67", "CH", "AQ", &["+41791234567"]),
            // One plan, and so one number.
            ("(650) 253-0000", "CA", "US", &["+16502530000"]),
            // With its country.
            ("+33 6 12 34 56 78", "CH", "FR", &["+33612345678"]),
            ("tel:+33-6-12-34-56-78", "CH", "FR", &["+33612345678"]),
            ("0033 6 12 34 56 78", "CH", "FR", &["+33612345678"]),
            ("0033 6 12 34 56 78", "US", "FR", &["+33612345678"]),
            ("1", "FR", "CH", &[]),
        ] {
            let read = read(text, contact, organization);
            assert_eq!(read, expected, "{text:?} in {contact}, {organization}");
        }
    }
}
