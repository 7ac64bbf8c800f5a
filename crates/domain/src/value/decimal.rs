//! Exact decimal numbers.

use thiserror::Error;

use super::digits::all_digits;

/// The most digits, without leading zeros, that every number can have exactly.
const MAX_DIGITS: usize = 28;

/// The most digits after the point.
const MAX_SCALE: usize = 28;

/// An exact decimal number: a sign, up to 28 significant digits, up to 28 of them after the point.
///
/// It never goes through binary floating point. Numbers are compared by value: `1.50` equals `1.5`.
///
/// ```
/// use contacts_domain::value::Decimal;
///
/// assert!(Decimal::parse("0.1")? < Decimal::parse_json_number("1e3")?);
/// # Ok::<(), contacts_domain::value::InvalidDecimal>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(rust_decimal::Decimal);

/// The text is not a decimal number within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidDecimal {
    /// Not written as a number.
    #[error("a decimal number must be an optional sign, digits and optionally a point with digits")]
    NotANumber,
    /// Too many digits in all.
    #[error("a decimal number must not have more than {MAX_DIGITS} significant digits")]
    TooManyDigits,
    /// Too many digits after the point.
    #[error("a decimal number must not have more than {MAX_SCALE} digits after the point")]
    TooManyDecimals,
    /// The exponent makes it too large or too small.
    #[error("the exponent makes the decimal number too large or too small to be kept exactly")]
    OutOfRange,
}

impl Decimal {
    /// Reads decimal text: no exponent, no grouping, no comma, no white space.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidDecimal`].
    pub fn parse(text: &str) -> Result<Self, InvalidDecimal> {
        check_plain(text)?;
        rust_decimal::Decimal::from_str_exact(text).map(Self).or(Err(InvalidDecimal::OutOfRange))
    }

    /// Reads the text of a JSON number (RFC 8259), which may have an exponent.
    ///
    /// # Errors
    ///
    /// As for [`Decimal::parse`], and [`InvalidDecimal::OutOfRange`] if the exponent makes the
    /// number too large or too small, as in `1e400`.
    pub fn parse_json_number(text: &str) -> Result<Self, InvalidDecimal> {
        let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
            return Self::parse(text);
        };
        // The library rounds a mantissa that is too long, so this check comes first.
        check_plain(mantissa)?;
        if !all_digits(unsigned(exponent)) {
            return Err(InvalidDecimal::NotANumber);
        }
        rust_decimal::Decimal::from_scientific(text).map(Self).or(Err(InvalidDecimal::OutOfRange))
    }

    /// Whether the number is less than zero; `-0` isn't.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < rust_decimal::Decimal::ZERO
    }

    /// Whether the number lies between 0 and 100, both included.
    #[must_use]
    pub fn is_percentage(self) -> bool {
        (rust_decimal::Decimal::ZERO..=rust_decimal::Decimal::ONE_HUNDRED).contains(&self.0)
    }
}

text_traits!(Decimal: InvalidDecimal, by parse);

impl std::fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Accepts `[+-]digits[.digits]` within the limits.
fn check_plain(text: &str) -> Result<(), InvalidDecimal> {
    let unsigned = unsigned(text);
    let (integer, fraction) = match unsigned.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (unsigned, None),
    };
    if !all_digits(integer) || !fraction.is_none_or(all_digits) {
        return Err(InvalidDecimal::NotANumber);
    }
    if fraction.is_some_and(|digits| digits.len() > MAX_SCALE) {
        return Err(InvalidDecimal::TooManyDecimals);
    }
    let significant =
        unsigned.bytes().filter(u8::is_ascii_digit).skip_while(|&digit| digit == b'0').count();
    if significant > MAX_DIGITS {
        return Err(InvalidDecimal::TooManyDigits);
    }
    Ok(())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: &str = "9999999999999999999999999999";
    const SMALLEST: &str = "0.0000000000000000000000000001";

    #[test]
    fn decimal_text_is_read_exactly() {
        for (text, exact) in [
            ("0", "0"),
            ("12", "12"),
            ("+12.50", "12.50"),
            ("-0.1", "-0.1"),
            ("007.5", "7.5"),
            ("0.30000000000000004", "0.30000000000000004"),
            (LARGEST, LARGEST),
            ("00000000000000000000000000000000000000000000000001", "1"),
            (SMALLEST, SMALLEST),
            ("-123456789012345.1234567890123", "-123456789012345.1234567890123"),
            ("0.0000000000000000000000000000", "0.0000000000000000000000000000"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), exact, "{text:?}");
            assert_eq!(Decimal::parse_json_number(text), Decimal::parse(text), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidDecimal::{NotANumber, TooManyDecimals, TooManyDigits};
        let too_large = format!("{LARGEST}0");
        let too_small = format!("{SMALLEST}0");
        for (text, error) in [
            ("", NotANumber),
            ("-", NotANumber),
            (".", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("1.2.3", NotANumber),
            ("--1", NotANumber),
            ("1,5", NotANumber),
            ("1'000", NotANumber),
            ("1_000", NotANumber),
            ("1 000", NotANumber),
            (" 1", NotANumber),
            ("1e3", NotANumber),
            ("0x1f", NotANumber),
            ("NaN", NotANumber),
            ("१", NotANumber),
            (&too_large, TooManyDigits),
            ("1.0000000000000000000000000000", TooManyDigits),
            (&too_small, TooManyDecimals),
        ] {
            assert_eq!(Decimal::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn json_numbers_may_have_exponents() {
        for (text, plain) in [
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("4.2E-1", "0.42"),
            ("-1.25e1", "-12.5"),
            ("1.5e0", "1.5"),
            ("0e5", "0"),
            ("1e-28", SMALLEST),
            ("1.234567890123456789012345678e27", "1234567890123456789012345678"),
            ("12345e20", "1234500000000000000000000"),
        ] {
            assert_eq!(Decimal::parse_json_number(text), Decimal::parse(plain), "{text:?}");
        }
    }

    #[test]
    fn inexact_json_numbers_are_refused() {
        use InvalidDecimal::{NotANumber, OutOfRange, TooManyDigits};
        let too_long = format!("{LARGEST}9e-2");
        for (text, error) in [
            ("1e400", OutOfRange),
            ("1e-29", OutOfRange),
            ("1.5e-28", OutOfRange),
            ("1e99999999999999999999", OutOfRange),
            ("9999999999999999999999999999e2", OutOfRange),
            (&too_long, TooManyDigits),
            ("1e", NotANumber),
            ("1e+", NotANumber),
            ("1e1.5", NotANumber),
            ("e3", NotANumber),
            ("1e2e3", NotANumber),
        ] {
            assert_eq!(Decimal::parse_json_number(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let parse = |text| Decimal::parse(text).unwrap();
        assert_eq!(parse("1.50"), parse("1.5"));
        assert_eq!(parse("-0"), parse("0"));
        assert!(parse("-2") < parse("-1.999"));
        assert!(parse("9") < parse("10"));
    }

    #[test]
    fn signs_and_percentages_are_recognized() {
        for (text, negative, percentage) in [
            ("-0.01", true, false),
            ("-0", false, true),
            ("0", false, true),
            ("99.999", false, true),
            ("100.00", false, true),
            ("100.01", false, false),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(decimal.is_negative(), negative, "{text:?}");
            assert_eq!(decimal.is_percentage(), percentage, "{text:?}");
        }
    }
}
