//! International bank account numbers.

use std::borrow::Cow;

use iban::{BaseIban, IbanLike as _, ParseBaseIbanError, ParseIbanError};
use thiserror::Error;

use crate::value::invisible::is_invisible;
use crate::value::shape::has_shape;

/// An international bank account number (ISO 13616): country length and check digits hold.
///
/// The normal form is the electronic one: upper case, without spaces. A word `IBAN` in front, and
/// hyphens, dots and invisible characters are left out as well.
///
/// ```
/// use contacts_domain::value::Iban;
///
/// let iban = Iban::parse("CH93 0076 2011 6238 5295 7")?;
/// assert_eq!(iban.as_str(), "CH9300762011623852957");
/// # Ok::<(), contacts_domain::value::InvalidIban>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iban(BaseIban);

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
    /// Reads an IBAN in any case, however it is written.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidIban`].
    pub fn parse(text: &str) -> Result<Self, InvalidIban> {
        match electronic_form(text).parse::<iban::Iban>() {
            Ok(iban) => Ok(Self(iban.into())),
            Err(ParseIbanError::UnknownCountry(base)) => further_country(base).map(Self),
            Err(ParseIbanError::InvalidBban(_)) => Err(InvalidIban::CountryForm),
            Err(ParseIbanError::InvalidBaseIban { source }) => Err(match source {
                ParseBaseIbanError::InvalidFormat => InvalidIban::Shape,
                ParseBaseIbanError::InvalidChecksum => InvalidIban::CheckDigits,
            }),
        }
    }

    /// Whether a text has the shape of an IBAN in electronic form: two letters, two digits, then 10
    /// to 30 letters or digits. The check digits may be wrong.
    ///
    /// ```
    /// use contacts_domain::value::Iban;
    ///
    /// assert!(Iban::looks_like_one("CH00 0000 0000 0000"));
    /// assert!(!Iban::looks_like_one("80-2-2"));
    /// ```
    #[must_use]
    pub fn looks_like_one(text: &str) -> bool {
        let text = electronic_form(text);
        let is_in_place = |(place, byte): (usize, u8)| match place {
            0 | 1 => byte.is_ascii_alphabetic(),
            2 | 3 => byte.is_ascii_digit(),
            _ => byte.is_ascii_alphanumeric(),
        };
        (14..=34).contains(&text.len()) && text.bytes().enumerate().all(is_in_place)
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
        self.0.bban_unchecked()
    }
}

text_traits!(Iban: InvalidIban, by parse and as_str);

/// Upper case, and nothing but what counts.
pub(crate) fn electronic_form(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let is_filling = |c: &char| c.is_whitespace() || matches!(c, '-' | '.') || is_invisible(*c);
    let text: String = text.chars().filter(|c| !is_filling(c)).collect();
    let text = text.to_ascii_uppercase();
    match text.strip_prefix("IBAN") {
        // The country is what follows.
        Some(rest) => Cow::Owned(rest.trim_start_matches(':').to_owned()),
        None => Cow::Owned(text),
    }
}

/// The account parts of countries of the registry (release 101) that the library does not know.
const FURTHER_COUNTRIES: [(&str, &str); 2] =
    [("HN", "aaaa99999999999999999999"), ("PK", "aaaaxxxxxxxxxxxxxxxx")];

/// Checks the account part of such a country.
fn further_country(base: BaseIban) -> Result<BaseIban, InvalidIban> {
    let country = FURTHER_COUNTRIES.iter().find(|(code, _)| *code == base.country_code());
    let (_, shape) = country.ok_or(InvalidIban::Country)?;
    if has_shape(base.bban_unchecked(), shape) { Ok(base) } else { Err(InvalidIban::CountryForm) }
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
            ("CH93-0076-2011-6238-5295-7", "CH9300762011623852957"),
            ("IBAN CH93 0076 2011 6238 5295 7", "CH9300762011623852957"),
            ("iban: CH93.0076.2011.6238.5295.7", "CH9300762011623852957"),
            ("\u{200e}CH93 0076 2011\u{200b} 6238 5295 7\u{feff}", "CH9300762011623852957"),
            ("PK36 SCBL 0000 0011 2345 6702", "PK36SCBL0000001123456702"),
            ("HN88 CABF 0000 0000 0002 5000 5469", "HN88CABF00000000000250005469"),
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
            ("CH93/0076/2011/6238/5295/7", Shape),
            ("IBAN", Shape),
            ("9300762011623852957", Shape),
            ("CH93007620116238529570000000000000000", Shape),
            ("CH94 0076 2011 6238 5295 7", CheckDigits),
            ("CH93 0076 2011 6238 5259 7", CheckDigits),
            ("DE44 5001 0517 5407 3249 310", CheckDigits),
            ("XX85 0076 2011 6238 5295 7", CheckDigits),
            ("US64SVBKUS6S3300958879", Country),
            ("AL84212110090000AB023569874", CountryForm),
            ("PK9012340000001123456702", CountryForm),
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
            "AA001234567890-1",
            "IBAN: AA00 1234 5678 90",
        ] {
            assert!(Iban::looks_like_one(text), "{text:?}");
        }
        for text in [
            "",
            "80-2-2",
            "1234567890123456",
            "CH93",
            "AA00/1234/5678/90",
            "AA00 1234 5678 9",
            "AA000000000000000000000000000000000",
            "CHF0076201162385",
            "ÄÄ001234567890",
        ] {
            assert!(!Iban::looks_like_one(text), "{text:?}");
        }
    }
}
