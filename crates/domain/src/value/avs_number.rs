//! Swiss social insurance numbers.

use thiserror::Error;

use super::digits::digits;

/// A Swiss social insurance number, AVS or AHV (eCH-0044), whose check digit (EAN-13) holds.
///
/// The normal form is its 13 digits, without dots.
///
/// ```
/// use contacts_domain::value::AvsNumber;
///
/// assert_eq!(AvsNumber::parse("756.9217.0769.85")?.as_str(), "7569217076985");
/// # Ok::<(), contacts_domain::value::InvalidAvsNumber>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AvsNumber(Box<str>);

/// The text is not an AVS number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidAvsNumber {
    /// Not 13 digits.
    #[error("an AVS number must have 13 digits, with or without dots")]
    Shape,
    /// Another country than Switzerland (ISO 3166-1 numeric).
    #[error("an AVS number must begin with 756")]
    Country,
    /// The check digit is wrong: most likely a typing error.
    #[error("the check digit of the AVS number doesn't match")]
    CheckDigit,
}

impl AvsNumber {
    /// Reads an AVS number; dots are ignored.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidAvsNumber`].
    pub fn parse(text: &str) -> Result<Self, InvalidAvsNumber> {
        let normal: String = text.chars().filter(|&character| character != '.').collect();
        let digits = digits(&normal).ok_or(InvalidAvsNumber::Shape)?;
        if !digits.starts_with(&[7, 5, 6]) {
            return Err(InvalidAvsNumber::Country);
        }
        if !check_digit_holds(digits) {
            return Err(InvalidAvsNumber::CheckDigit);
        }
        Ok(Self(normal.into_boxed_str()))
    }

    /// The 13 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(AvsNumber: InvalidAvsNumber, by parse and as_str);

/// EAN-13: with the weights 1 and 3 in turn, all digits add up to a multiple of 10.
fn check_digit_holds(digits: [u8; 13]) -> bool {
    let weights = [1, 3].into_iter().cycle();
    let sum: u32 =
        digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_optional() {
        for (text, normal) in [
            ("756.9217.0769.85", "7569217076985"),
            ("7569217076985", "7569217076985"),
            ("756.1234.5678.97", "7561234567897"),
        ] {
            assert_eq!(AvsNumber::parse(text).unwrap().to_string(), normal, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidAvsNumber::{CheckDigit, Country, Shape};
        for (text, error) in [
            ("", Shape),
            ("756.9217.0769", Shape),
            ("756.9217.0769.855", Shape),
            ("756-9217-0769-85", Shape),
            ("756.9217.0769.8５", Shape),
            ("757.9217.0769.85", Country),
            ("756.9217.0769.84", CheckDigit),
            ("756.9217.0796.85", CheckDigit),
        ] {
            assert_eq!(AvsNumber::parse(text), Err(error), "{text:?}");
        }
    }
}
