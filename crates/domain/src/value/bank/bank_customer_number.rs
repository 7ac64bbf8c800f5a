//! Customer numbers of banks.

use thiserror::Error;

use crate::value::digits::all_digits;

/// The number that a bank gives to its customer: `^([1-9][0-9]*)*$`, so possibly empty.
///
/// ```
/// use contacts_domain::value::BankCustomerNumber;
///
/// assert_eq!(BankCustomerNumber::parse("120734")?.as_str(), "120734");
/// # Ok::<(), contacts_domain::value::InvalidBankCustomerNumber>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BankCustomerNumber(Box<str>);

/// The text is not a bank customer number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a bank customer number must be digits without a leading zero")]
pub struct InvalidBankCustomerNumber;

impl BankCustomerNumber {
    /// Reads a bank customer number as written: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// [`InvalidBankCustomerNumber`] for a leading zero or anything but ASCII digits.
    pub fn parse(text: &str) -> Result<Self, InvalidBankCustomerNumber> {
        if text.is_empty() || (all_digits(text) && !text.starts_with('0')) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidBankCustomerNumber)
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(BankCustomerNumber: InvalidBankCustomerNumber, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_the_empty_text_are_read() {
        for text in ["", "1", "10", "90210", "123456789012345678901234567890"] {
            assert_eq!(BankCustomerNumber::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["0", "01", "-1", "+1", "1.5", "1 2", " 1", "1\n", "12a", "１２"] {
            let number = BankCustomerNumber::parse(text);
            assert_eq!(number, Err(InvalidBankCustomerNumber), "{text:?}");
        }
    }
}
