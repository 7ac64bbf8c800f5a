//! Business identifier codes.

use thiserror::Error;

use crate::value::invisible::visible;
use crate::value::{CountryCode, InvalidCountryCode};

/// A business identifier code (ISO 9362) of 8 or 11 characters in upper case.
///
/// Four letters or digits for the business party (ISO 9362:2022), an ISO 3166-1 country (or `XK`), two letters or digits for
/// the location, and optionally three for the branch. The bank may not exist.
///
/// ```
/// use contacts_domain::value::Bic;
///
/// assert_eq!(Bic::parse("UBSWCHZH80A")?.as_str(), "UBSWCHZH80A");
/// # Ok::<(), contacts_domain::value::InvalidBic>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bic(Box<str>);

/// The text is not a BIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidBic {
    /// Not 8 or 11 characters long.
    #[error("a BIC must have 8 or 11 letters and digits")]
    Length,
    /// The business party, characters 1 to 4.
    #[error("a BIC must begin with four upper-case letters or digits")]
    Party,
    /// The country, characters 5 and 6.
    #[error("the fifth and sixth letter of a BIC must be an ISO 3166-1 country")]
    Country(#[source] InvalidCountryCode),
    /// The location and the branch, characters 7 to 11.
    #[error("a BIC must end with upper-case letters and digits")]
    Location,
}

impl Bic {
    /// Reads a BIC as written: nothing is trimmed or brought to upper case.
    ///
    /// # Errors
    ///
    /// The first part that is wrong, as an [`InvalidBic`].
    pub fn parse(text: &str) -> Result<Self, InvalidBic> {
        if !text.is_ascii() || !matches!(text.len(), 8 | 11) {
            return Err(InvalidBic::Length);
        }
        let (party, rest) = text.split_at(4);
        let (country, location) = rest.split_at(2);

        let is_alphanumeric = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !party.bytes().all(is_alphanumeric) {
            return Err(InvalidBic::Party);
        }
        CountryCode::parse(country).map_err(InvalidBic::Country)?;
        if !location.bytes().all(is_alphanumeric) {
            return Err(InvalidBic::Location);
        }
        Ok(Self(text.into()))
    }

    /// The BIC that a text certainly means: in any case, and with white space anywhere.
    ///
    /// ```
    /// use contacts_domain::value::Bic;
    ///
    /// assert_eq!(Bic::meant_by("ubsw ch zh 80a"), Bic::parse("UBSWCHZH80A").ok());
    /// ```
    #[must_use]
    pub fn meant_by(text: &str) -> Option<Self> {
        let is_shown = |character: &char| !character.is_whitespace();
        let code: String = visible(text).chars().filter(is_shown).collect();
        Self::parse(&code.to_ascii_uppercase()).ok()
    }

    /// The BIC.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(Bic: InvalidBic, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bics_of_8_and_11_characters_are_read() {
        for text in
            ["UBSWCHZH", "UBSWCHZH80A", "POFICHBEXXX", "DEUTDEFF500", "NCBVXKPR", "E097AEXXXXX"]
        {
            assert_eq!(Bic::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn bic_is_read_from_other_spellings() {
        for text in ["UBSWCHZH80A", "ubswchzh80a", " UBSW CH ZH 80A\n", "UBSW\u{200b}CHZH80A"] {
            assert_eq!(Bic::meant_by(text), Bic::parse("UBSWCHZH80A").ok(), "{text:?}");
        }
        for text in ["", "UBSW-CHZH", "UBSWXXZH", "ubswchz"] {
            assert_eq!(Bic::meant_by(text), None, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidBic::{Country, Length, Location, Party};
        for (text, error) in [
            ("", Length),
            ("UBSWCHZ", Length),
            ("UBSWCHZH8", Length),
            ("UBSWCHZH80AA", Length),
            ("UBSWCHZH ", Length),
            ("ÜBSWCHZ", Length),
            ("UB-WCHZH", Party),
            ("ubswchzh", Party),
            ("UBSWXXZH", Country(InvalidCountryCode)),
            ("UBSWchZH", Country(InvalidCountryCode)),
            ("UBSWCHZh", Location),
            ("UBSWCHZH8-A", Location),
        ] {
            assert_eq!(Bic::parse(text), Err(error), "{text:?}");
        }
    }
}
