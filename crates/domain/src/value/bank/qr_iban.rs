//! The IBANs of Swiss QR-bills with a QR reference.

use thiserror::Error;

use super::{Iban, InvalidIban};

/// The institution numbers (IID) set aside for QR-IBANs by the Swiss payment standards.
const QR_INSTITUTIONS: std::ops::RangeInclusive<&str> = "30000"..="31999";

/// A QR-IBAN: a Swiss or Liechtenstein IBAN (ISO 13616) whose institution number, the five digits
/// after the check digits, is 30000 to 31999.
///
/// ```
/// use contacts_domain::value::QrIban;
///
/// let iban = QrIban::parse("CH44 3199 9123 0008 8901 2")?;
/// assert_eq!(iban.as_str(), "CH4431999123000889012");
/// # Ok::<(), contacts_domain::value::InvalidQrIban>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QrIban(Iban);

/// The text is not a QR-IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidQrIban {
    /// Not an IBAN.
    #[error(transparent)]
    Iban(#[from] InvalidIban),
    /// An IBAN of a country other than Switzerland and Liechtenstein.
    #[error("a QR-IBAN must begin with CH or LI")]
    Country,
    /// An ordinary IBAN.
    #[error("the institution number of a QR-IBAN must be from 30000 to 31999")]
    Institution,
}

impl QrIban {
    /// Reads a QR-IBAN in any case; spaces are ignored.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidQrIban`].
    pub fn parse(text: &str) -> Result<Self, InvalidQrIban> {
        let iban = Iban::parse(text)?;
        if !matches!(iban.country(), "CH" | "LI") {
            return Err(InvalidQrIban::Country);
        }
        iban.account()
            .get(..5)
            .filter(|institution| QR_INSTITUTIONS.contains(institution))
            .map(|_| Self(iban))
            .ok_or(InvalidQrIban::Institution)
    }

    /// The QR-IBAN in electronic form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

text_traits!(QrIban: InvalidQrIban, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_of_qr_institutions_are_read() {
        for (text, normal) in [
            ("CH44 3199 9123 0008 8901 2", "CH4431999123000889012"),
            ("CH3130000000000000001", "CH3130000000000000001"),
            ("LI4430000000000000001", "LI4430000000000000001"),
        ] {
            let iban = QrIban::parse(text);
            assert_eq!(iban.as_ref().map(QrIban::as_str), Ok(normal), "{text:?}");
        }
    }

    #[test]
    fn other_ibans_are_refused() {
        use InvalidQrIban::{Country, Institution};
        for (text, error) in [
            ("CH93 0076 2011 6238 5295 7", Institution),
            ("LI21 0881 0000 2324 013A A", Institution),
            ("DE89 3704 0044 0532 0130 00", Country),
            ("CH45 3199 9123 0008 8901 2", InvalidQrIban::Iban(InvalidIban::CheckDigits)),
            ("", InvalidQrIban::Iban(InvalidIban::Shape)),
        ] {
            assert_eq!(QrIban::parse(text), Err(error), "{text:?}");
        }
    }
}
