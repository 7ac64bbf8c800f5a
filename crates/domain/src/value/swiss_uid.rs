//! Swiss enterprise identification numbers.

use thiserror::Error;

use super::digits::digits;

/// The suffixes that mark a number of the VAT register, in the languages of the country.
const VAT_SUFFIXES: [&str; 5] = ["MWST", "TVA", "IVA", "TPV", "VAT"];

/// The weights of the first eight digits (eCH-0097).
const WEIGHTS: [u32; 8] = [5, 4, 3, 2, 7, 6, 5, 4];

/// A Swiss enterprise identification number, UID (eCH-0097), whose check digit holds.
///
/// The normal form is `CHE` and nine digits, without dashes, dots, spaces or a VAT suffix.
///
/// ```
/// use contacts_domain::value::SwissUid;
///
/// let uid = SwissUid::parse("CHE-109.322.551 MWST")?;
/// assert_eq!(uid.as_str(), "CHE109322551");
/// # Ok::<(), contacts_domain::value::InvalidSwissUid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SwissUid(Box<str>);

/// The text is not a Swiss UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSwissUid {
    /// Not built like a UID.
    #[error(
        "a Swiss UID must be CHE and nine digits, optionally followed by MWST, TVA, IVA, TPV or VAT"
    )]
    Shape,
    /// The check digit is wrong: most likely a typing error.
    #[error("the check digit of the Swiss UID doesn't match")]
    CheckDigit,
}

impl SwissUid {
    /// Reads a UID in any case; dashes, dots and spaces are ignored, and VAT suffixes,
    /// which a slash may part.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidSwissUid`].
    pub fn parse(text: &str) -> Result<Self, InvalidSwissUid> {
        let compact: String = text
            .chars()
            .filter(|&character| !matches!(character, '-' | '.') && !character.is_whitespace())
            .map(|character| character.to_ascii_uppercase())
            .collect();
        let normal = without_vat_suffixes(&compact);
        let digits = normal.strip_prefix("CHE").and_then(digits).ok_or(InvalidSwissUid::Shape)?;
        if !check_digit_holds(digits) {
            return Err(InvalidSwissUid::CheckDigit);
        }
        Ok(Self(normal.into()))
    }

    /// The UID in normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(SwissUid: InvalidSwissUid, by parse and as_str);

/// The text without the VAT suffixes at its end.
pub(super) fn without_vat_suffixes(mut text: &str) -> &str {
    while let Some(rest) = VAT_SUFFIXES.iter().find_map(|suffix| text.strip_suffix(suffix)) {
        text = rest.strip_suffix('/').unwrap_or(rest);
    }
    text
}

fn check_digit_holds([payload @ .., check]: [u8; 9]) -> bool {
    let sum: u32 =
        payload.iter().zip(WEIGHTS).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    // A check digit of 10 is never assigned.
    (11 - sum % 11) % 11 == u32::from(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_normalized() {
        for (text, normal) in [
            ("CHE-109.322.551", "CHE109322551"),
            ("CHE109322551", "CHE109322551"),
            ("CHE 109 322 551 MWST", "CHE109322551"),
            ("CHE-101.329.561 TVA", "CHE101329561"),
            ("che-107.787.577 iva", "CHE107787577"),
            ("CHE-105.829.940VAT", "CHE105829940"),
            ("CHE-105.829.940 MWST/TVA/IVA", "CHE105829940"),
            ("CHE-105.829.940 TPV", "CHE105829940"),
        ] {
            let uid = SwissUid::parse(text);
            assert_eq!(uid.as_ref().map(SwissUid::as_str), Ok(normal), "{text:?}");
        }
    }

    #[test]
    fn wrong_check_digit_is_refused() {
        for text in ["CHE-109.322.552", "CHE-109.322.515", "CHE-190.322.551"] {
            assert_eq!(SwissUid::parse(text), Err(InvalidSwissUid::CheckDigit), "{text:?}");
        }
    }

    #[test]
    fn check_digit_10_is_refused() {
        for last in '0'..='9' {
            let text = format!("CHE-100.000.16{last}");
            assert_eq!(SwissUid::parse(&text), Err(InvalidSwissUid::CheckDigit), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "CHE",
            "109322551",
            "CH-109.322.551",
            "CHE-109.322.55",
            "CHE-109.322.5511",
            "CHE/109/322/551",
            "CHE-109.322.551 USt",
            "MWST CHE-109.322.551",
            "CHE-１09.322.551",
        ] {
            assert_eq!(SwissUid::parse(text), Err(InvalidSwissUid::Shape), "{text:?}");
        }
    }
}
