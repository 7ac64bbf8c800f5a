//! Participant numbers of the Swiss payment slip.

use thiserror::Error;

use crate::value::digits::{all_digits, digits};

/// The carry table of the recursive modulo 10 check: row 0, the others are rotations of it.
const CARRIES: [u8; 10] = [0, 9, 4, 6, 8, 2, 7, 1, 3, 5];

/// A customer number of the Swiss inpayment slip with reference number (ISR, ESR, BVR), whose
/// check digit (recursive modulo 10, Swiss payment standards) holds.
///
/// The normal form is nine digits: two for the slip, six for the customer, one check digit.
///
/// ```
/// use contacts_domain::value::IsrCustomerNumber;
///
/// assert_eq!(IsrCustomerNumber::parse("01-162-8")?.as_str(), "010001628");
/// # Ok::<(), contacts_domain::value::InvalidIsrCustomerNumber>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IsrCustomerNumber(Box<str>);

/// The text is not an ISR customer number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIsrCustomerNumber {
    /// Not built like a customer number.
    #[error("an ISR customer number must be two, up to six and one digits, with or without dashes")]
    Shape,
    /// The check digit is wrong: most likely a typing error.
    #[error("the check digit of the ISR customer number doesn't match")]
    CheckDigit,
}

impl IsrCustomerNumber {
    /// Reads a customer number with or without its two dashes; the part between them may lack its
    /// leading zeros.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidIsrCustomerNumber`].
    pub fn parse(text: &str) -> Result<Self, InvalidIsrCustomerNumber> {
        let normal = normal_form(text).ok_or(InvalidIsrCustomerNumber::Shape)?;
        let digits = digits(&normal).ok_or(InvalidIsrCustomerNumber::Shape)?;
        if !check_digit_holds(digits) {
            return Err(InvalidIsrCustomerNumber::CheckDigit);
        }
        Ok(Self(normal.into_boxed_str()))
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(IsrCustomerNumber: InvalidIsrCustomerNumber, by parse and as_str);

fn normal_form(text: &str) -> Option<String> {
    let (slip, rest) = text.split_at_checked(2)?;
    let (customer, check) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let customer = match customer.strip_prefix('-') {
        Some(dashed) => dashed.strip_suffix('-')?,
        None => customer,
    };
    all_digits(customer).then(|| format!("{slip}{customer:0>6}{check}"))
}

fn check_digit_holds([payload @ .., check]: [u8; 9]) -> bool {
    let carry = payload.iter().fold(0, |carry, digit| {
        // The index is below 10, the length of the table.
        CARRIES.get(usize::from((carry + digit) % 10)).copied().unwrap_or_default()
    });
    (10 - carry) % 10 == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalized_to_nine_digits() {
        for (text, normal) in [
            ("01-162-8", "010001628"),
            ("01-000162-8", "010001628"),
            ("010001628", "010001628"),
            ("011628", "010001628"),
            ("01-39139-1", "010391391"),
            ("03-162-5", "030001625"),
        ] {
            let number = IsrCustomerNumber::parse(text);
            assert_eq!(number.as_ref().map(IsrCustomerNumber::as_str), Ok(normal), "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidIsrCustomerNumber::{CheckDigit, Shape};
        for (text, error) in [
            ("", Shape),
            ("018", Shape),
            ("01--8", Shape),
            ("01-162", Shape),
            ("1-162-8", Shape),
            ("01-1628", Shape),
            ("01162-8", Shape),
            ("01-0000162-8", Shape),
            ("0100001628", Shape),
            ("01-162-88", Shape),
            ("01 162 8", Shape),
            ("01-1a2-8", Shape),
            ("01-162-８", Shape),
            ("é1-162-8", Shape),
            ("01-162-7", CheckDigit),
            ("01-126-8", CheckDigit),
            ("10001628", CheckDigit),
        ] {
            assert_eq!(IsrCustomerNumber::parse(text), Err(error), "{text:?}");
        }
    }
}
