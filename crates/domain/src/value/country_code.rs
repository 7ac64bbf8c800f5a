//! Countries by their two letters.

use thiserror::Error;

use super::invisible::visible;

/// The code of Kosovo: user-assigned in ISO 3166-1, and in use by the EU, SWIFT and ITU.
const KOSOVO: &str = "XK";

/// A country: an ISO 3166-1 alpha-2 code in upper case, or `XK` for Kosovo.
///
/// Only officially assigned codes: `UK` and `EU` are refused.
///
/// ```
/// use contacts_domain::value::CountryCode;
///
/// assert_eq!(CountryCode::parse("CH")?.as_str(), "CH");
/// # Ok::<(), contacts_domain::value::InvalidCountryCode>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(&'static str);

/// The text is not the code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a country code must be two upper-case letters assigned by ISO 3166-1, or XK")]
pub struct InvalidCountryCode;

impl CountryCode {
    /// Reads a country code as written: nothing is trimmed or brought to upper case.
    ///
    /// # Errors
    ///
    /// [`InvalidCountryCode`] for anything but an assigned code.
    pub fn parse(text: &str) -> Result<Self, InvalidCountryCode> {
        if text == KOSOVO {
            return Ok(Self(KOSOVO));
        }
        rust_iso3166::from_alpha2(text)
            .map(|country| Self(country.alpha2))
            .ok_or(InvalidCountryCode)
    }

    /// The country that a text certainly means: in any case and with white space around it, and `UK`
    /// for the United Kingdom and `EL` for Greece, as the EU writes them.
    ///
    /// ```
    /// use contacts_domain::value::CountryCode;
    ///
    /// assert_eq!(CountryCode::meant_by(" uk "), CountryCode::parse("GB").ok());
    /// ```
    #[must_use]
    pub fn meant_by(text: &str) -> Option<Self> {
        let code = visible(text).trim().to_ascii_uppercase();
        Self::parse(match code.as_str() {
            "UK" => "GB",
            "EL" => "GR",
            other => other,
        })
        .ok()
    }

    /// The two letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

text_traits!(CountryCode: InvalidCountryCode, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_codes_and_kosovo_are_read() {
        for code in ["CH", "LI", "DE", "US", "AQ", "SS", "XK"] {
            assert_eq!(CountryCode::parse(code).unwrap().to_string(), code);
        }
    }

    #[test]
    fn country_is_read_from_other_spellings() {
        for (text, code) in [
            ("CH", "CH"),
            (" ch\n", "CH"),
            ("\u{feff}Fr\u{200b}", "FR"),
            ("uk", "GB"),
            ("EL", "GR"),
            ("xk", "XK"),
        ] {
            assert_eq!(
                CountryCode::meant_by(text).map(CountryCode::as_str),
                Some(code),
                "{text:?}"
            );
        }
        for text in ["", "CHE", "C H", "EU", "zz", "ＣＨ", "Schweiz"] {
            assert_eq!(CountryCode::meant_by(text), None, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "ch", "Ch", "CHE", "C", " CH", "UK", "EU", "XX", "ZZ", "41", "ＣＨ"] {
            assert_eq!(CountryCode::parse(text), Err(InvalidCountryCode), "{text:?}");
        }
    }
}
