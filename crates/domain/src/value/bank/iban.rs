//! International bank account numbers.

use std::borrow::Cow;

use iban::{IbanLike, ParseBaseIbanError, ParseIbanError};
use thiserror::Error;

/// An international bank account number (ISO 13616): country length and check digits hold.
///
/// The normal form is the electronic one: upper case, without spaces.
///
/// ```
/// use contacts_domain::value::Iban;
///
/// let iban = Iban::parse("CH93 0076 2011 6238 5295 7")?;
/// assert_eq!(iban.as_str(), "CH9300762011623852957");
/// # Ok::<(), contacts_domain::value::InvalidIban>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iban(iban::Iban);

/// The text is not an IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIban {
    /// Not built like an IBAN.
    #[error(
        "an IBAN must be two letters, two check digits and up to 30 further letters and digits"
    )]
    Shape,
    /// The check digit is wrong: most likely a typing error.
    #[error("the check digits of the IBAN don't match")]
    CheckDigits,
    /// The country has no IBANs.
    #[error("an IBAN must begin with a country of the ISO 13616 registry")]
    Country,
    /// The country uses another length or another form of the account part.
    #[error("the IBAN doesn't have the length and form that its country prescribes")]
    CountryForm,
}

impl Iban {
    /// Reads an IBAN in any case; spaces are ignored.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidIban`].
    pub fn parse(text: &str) -> Result<Self, InvalidIban> {
        electronic_form(text).parse().map(Self).map_err(InvalidIban::from)
    }

    /// Whether a text has the shape of an IBAN: two letters, two digits, then 10 to 30 letters or
    /// digits, spaces ignored. The check digits may be wrong.
    ///
    /// ```
    /// use contacts_domain::value::Iban;
    ///
    /// assert!(Iban::looks_like_one("CH00 0000 0000 0000"));
    /// assert!(!Iban::looks_like_one("80-2-2"));
    /// ```
    #[must_use]
    pub fn looks_like_one(text: &str) -> bool {
        let mut length = 0;
        text.chars().filter(|character| !character.is_whitespace()).all(|character| {
            length += 1;
            match length {
                1 | 2 => character.is_ascii_alphabetic(),
                3 | 4 => character.is_ascii_digit(),
                _ => character.is_ascii_alphanumeric(),
            }
        }) && (14..=34).contains(&length)
    }

    /// The IBAN in electronic form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.electronic_str()
    }

    /// The country that the account is in, for example `CH`.
    pub(super) fn country(&self) -> &str {
        self.0.country_code()
    }

    /// What follows the country and the check digits.
    pub(super) fn account(&self) -> &str {
        self.0.bban()
    }
}

text_traits!(Iban: InvalidIban, by parse and as_str);

fn electronic_form(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

impl From<ParseIbanError> for InvalidIban {
    fn from(error: ParseIbanError) -> Self {
        match error {
            ParseIbanError::InvalidBaseIban { source } => match source {
                ParseBaseIbanError::InvalidFormat => Self::Shape,
                ParseBaseIbanError::InvalidChecksum => Self::CheckDigits,
            },
            ParseIbanError::InvalidBban(_) => Self::CountryForm,
            ParseIbanError::UnknownCountry(_) => Self::Country,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_are_normalized() {
        for (text, normal) in [
            ("CH9300762011623852957", "CH9300762011623852957"),
            ("CH93 0076 2011 6238 5295 7", "CH9300762011623852957"),
            (" ch93\u{a0}00762 011623852957 ", "CH9300762011623852957"),
            ("LI21 0881 0000 2324 013A A", "LI21088100002324013AA"),
            ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
            ("NO93 8601 1117 947", "NO9386011117947"),
            ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "MT84MALT011000012345MTLCAST001S"),
            ("XK05 1212 0123 4567 8906", "XK051212012345678906"),
        ] {
            assert_eq!(Iban::parse(text).unwrap().to_string(), normal, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidIban::{CheckDigits, Country, CountryForm, Shape};
        for (text, error) in [
            ("", Shape),
            ("80-2-2", Shape),
            ("CH93-0076-2011-6238-5295-7", Shape),
            ("9300762011623852957", Shape),
            ("CH93007620116238529570000000000000000", Shape),
            ("CH94 0076 2011 6238 5295 7", CheckDigits),
            ("CH93 0076 2011 6238 5259 7", CheckDigits),
            ("DE44 5001 0517 5407 3249 310", CheckDigits),
            ("XX85 0076 2011 6238 5295 7", CheckDigits),
            ("US64SVBKUS6S3300958879", Country),
            ("AL84212110090000AB023569874", CountryForm),
        ] {
            assert_eq!(Iban::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn invalid_ibans_still_look_like_one() {
        for text in [
            "CH9300762011623852957",
            "ch00 0000 0000 0000",
            "AA0000000000000000000000000000000A",
            "AA00 12345 67890",
        ] {
            assert!(Iban::looks_like_one(text), "{text:?}");
        }
        for text in [
            "",
            "80-2-2",
            "1234567890123456",
            "CH93",
            "AA001234567890-1",
            "AA00 1234 5678 9",
            "AA000000000000000000000000000000000",
            "CHF0076201162385",
            "ÄÄ001234567890",
        ] {
            assert!(!Iban::looks_like_one(text), "{text:?}");
        }
    }
}
