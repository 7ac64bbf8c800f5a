//! Telephone numbers.

mod plain;

use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, Region};
use thiserror::Error;

use super::CountryCode;
use super::invisible::visible;

/// Longer than any written number; bounds the work on a hostile text.
const MAX_CHARACTERS: usize = 64;

/// A telephone number that can exist (ITU-T E.164, by libphonenumber's numbering plans).
///
/// The normal form is E.164, `+41446681800`: two spellings of one number are equal. An extension
/// is accepted and dropped.
///
/// `FromStr` and serde know no region: they read international numbers, which begin with `+`.
///
/// ```
/// use contacts_domain::value::{CountryCode, Phone};
///
/// let phone = Phone::parse("044 668 18 00", CountryCode::parse("CH")?)?;
/// assert_eq!(phone.as_str(), "+41446681800");
/// assert_eq!("+41 44 668 18 00".parse(), Ok(phone));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(Box<str>);

/// The text is not a telephone number that can exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidPhone {
    /// Not written as a telephone number.
    #[error("a phone number must be digits, with an optional + in front and signs between them")]
    NotANumber,
    /// International, and no country has that code; or national, in a region without a plan.
    #[error("a phone number must begin with a known country calling code or a national prefix")]
    CountryCode,
    /// Too few digits.
    #[error("the phone number has too few digits")]
    TooShort,
    /// Too many digits, or too many characters in all.
    #[error("the phone number is too long: at most 17 digits and {MAX_CHARACTERS} characters")]
    TooLong,
    /// Not part of the country's numbering plan.
    #[error("the phone number is not part of the numbering plan of its country")]
    NotInPlan,
}

impl Phone {
    /// Reads a number as people write it; without a country calling code it is one of `region`.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidPhone`].
    pub fn parse(text: &str, region: CountryCode) -> Result<Self, InvalidPhone> {
        Self::parse_in(Some(region), text)
    }

    fn parse_in(region: Option<CountryCode>, text: &str) -> Result<Self, InvalidPhone> {
        if text.chars().nth(MAX_CHARACTERS).is_some() {
            return Err(InvalidPhone::TooLong);
        }
        let text = visible(text);
        // A territory without a numbering plan has no region: it takes international numbers only.
        let region = region.and_then(|region| Region::from_code(region.as_str()).ok());
        if let Some(normal) = plain::parse(&text, region) {
            return Ok(Self(normal.into()));
        }
        let number = PHONE_NUMBER_UTIL.parse(text, region)?;
        if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return Err(InvalidPhone::NotInPlan);
        }
        let normal = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        Ok(Self(normal.into()))
    }

    /// The digits that are dialled in its country, `0446681800`.
    #[cfg(feature = "contact")]
    pub(crate) fn national_digits(&self) -> Option<String> {
        if let Some(digits) = plain::national(self.as_str()) {
            return Some(digits);
        }
        let number = PHONE_NUMBER_UTIL.parse(self.as_str(), None).ok()?;
        let written = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::National);
        Some(written.chars().filter(char::is_ascii_digit).collect())
    }

    /// The number in E.164 form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(Phone: InvalidPhone, by as_str);

impl std::str::FromStr for Phone {
    type Err = InvalidPhone;

    fn from_str(text: &str) -> Result<Self, InvalidPhone> {
        Self::parse_in(None, text)
    }
}

impl From<ParseError> for InvalidPhone {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::NotANumber(_) => Self::NotANumber,
            ParseError::InvalidCountryCode => Self::CountryCode,
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => Self::TooShort,
            ParseError::TooLongNsn => Self::TooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, region: &str) -> Result<Phone, InvalidPhone> {
        Phone::parse(text, CountryCode::parse(region).unwrap())
    }

    #[test]
    fn numbers_are_normalized_to_e164() {
        for (text, region, normal) in [
            ("+41446681800", "CH", "+41446681800"),
            ("+41 44 668 18 00", "US", "+41446681800"),
            ("0041 44 668 18 00", "CH", "+41446681800"),
            ("044 668 18 00", "CH", "+41446681800"),
            ("(044) 668-18-00", "CH", "+41446681800"),
            ("+41 (0)44 668 18 00", "DE", "+41446681800"),
            (" 079/123.45.67 ", "CH", "+41791234567"),
            ("０７９ 123 45 67", "CH", "+41791234567"),
            ("tel:+41-44-668-18-00", "CH", "+41446681800"),
            ("044 668 18 00 ext. 12", "CH", "+41446681800"),
            ("0800 800 800", "CH", "+41800800800"),
            ("030 901820", "DE", "+4930901820"),
            ("06 6982", "IT", "+39066982"),
            ("(650) 253-0000", "US", "+16502530000"),
            ("+383 38 123 456", "CH", "+38338123456"),
            ("+800 1234 5678", "CH", "+80012345678"),
            ("+41446681800", "AQ", "+41446681800"),
        ] {
            let phone = parse(text, region);
            assert_eq!(phone.as_ref().map(Phone::as_str), Ok(normal), "{text:?} in {region}");
            assert_eq!(parse(normal, region), phone, "{text:?} is not stable");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidPhone::{CountryCode, NotANumber, NotInPlan, TooLong, TooShort};
        for (text, region, error) in [
            ("", "CH", NotANumber),
            ("none", "CH", NotANumber),
            ("+", "CH", NotANumber),
            ("1", "CH", NotANumber),
            ("+999 123 456 789", "CH", CountryCode),
            ("044 668 18 00", "AQ", CountryCode),
            ("+41 4", "CH", TooShort),
            ("0041 1", "CH", TooShort),
            ("+41 446681800446681800446", "CH", TooLong),
            ("+41 44 668 18 0", "CH", NotInPlan),
            ("044 668 18 00 0", "CH", NotInPlan),
            ("011 111 11 11", "CH", NotInPlan),
            ("117", "CH", NotInPlan),
        ] {
            assert_eq!(parse(text, region), Err(error), "{text:?} in {region}");
        }
    }

    #[test]
    fn text_over_64_characters_is_refused() {
        let padded = format!("{:64}", "+41446681800");
        assert!(parse(&padded, "CH").is_ok());
        assert_eq!(parse(&format!("{padded} "), "CH"), Err(InvalidPhone::TooLong));
    }

    proptest! {
        #[test]
        fn normal_form_is_stable(
            text in "\\PC{0,70}|[+0-9 ()/.;=a-z-]{0,40}|[+0]{1,2}[0-9 ]{6,16}",
        ) {
            if let Ok(phone) = parse(&text, "CH") {
                prop_assert_eq!(parse(phone.as_str(), "US"), Ok(phone));
            }
        }
    }
}
