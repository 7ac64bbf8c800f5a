//! Value added tax numbers.

use thiserror::Error;

use super::shape::has_shape;
use super::swiss_uid::without_vat_suffixes;
use super::{InvalidSwissUid, SwissUid};

/// A value added tax number, in normal form.
///
/// Numbers that begin with `CHE` are Swiss UIDs (eCH-0097); those that begin with a prefix of the
/// EU's VAT directive, `EL` for Greece and `XI` for Northern Ireland included, have the shape that
/// VIES lists for it. Numbers of other countries are not checked.
///
/// ```
/// use contacts_domain::value::VatNumber;
///
/// assert_eq!(VatNumber::parse("CHE-109.322.551 MWST")?.as_str(), "CHE109322551");
/// assert_eq!(VatNumber::parse("ATU 1234 5678")?.as_str(), "ATU12345678");
/// # Ok::<(), contacts_domain::value::InvalidVatNumber>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VatNumber(Box<str>);

/// The text is not a VAT number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidVatNumber {
    /// No letter and no digit.
    #[error("a VAT number must have letters or digits")]
    Empty,
    /// Begins with `CHE` without being a UID.
    #[error(transparent)]
    SwissUid(#[from] InvalidSwissUid),
    /// Begins with a prefix of the EU and doesn't have the shape of that country's numbers.
    #[error(
        "a VAT number that begins with {prefix} must continue with {} (9 a digit, a a letter, x either)",
        .shapes.join(" or ")
    )]
    Shape {
        /// The two letters in front.
        prefix: &'static str,
        /// The shapes of the rest: `9` a digit, `a` a letter, `x` either, all else itself.
        shapes: &'static [&'static str],
    },
}

impl VatNumber {
    /// Reads a VAT number in any case; white space and punctuation are ignored.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidVatNumber`].
    pub fn parse(text: &str) -> Result<Self, InvalidVatNumber> {
        let normal = Self::normal_form(text).ok_or(InvalidVatNumber::Empty)?;
        if normal.starts_with("CHE") {
            SwissUid::parse(&normal)?;
        } else {
            check_eu_shape(&normal)?;
        }
        Ok(Self(normal.into_boxed_str()))
    }

    /// The normal form of a number that need not be valid: letters and digits only, in upper case,
    /// after `CHE` without the suffixes MWST, TVA, IVA, TPV and VAT, `EL` for `GR`, and with the
    /// leading 0 of a Belgian number of nine digits.
    ///
    /// Returns `None` if nothing is left.
    ///
    /// ```
    /// use contacts_domain::value::VatNumber;
    ///
    /// assert_eq!(VatNumber::normal_form("gb 123-45").as_deref(), Some("GB12345"));
    /// assert_eq!(VatNumber::normal_form(" - "), None);
    /// ```
    #[must_use]
    pub fn normal_form(text: &str) -> Option<String> {
        let mut normal = String::with_capacity(text.len());
        normal.extend(text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase));
        if normal.starts_with("CHE") {
            normal.truncate(without_vat_suffixes(&normal).len());
        } else if let Some(number) = normal.strip_prefix("GR") {
            normal = format!("EL{number}");
        } else if has_shape(&normal, "BE999999999") {
            normal.insert(2, '0');
        }
        (!normal.is_empty()).then_some(normal)
    }

    /// The number in normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(VatNumber: InvalidVatNumber, by parse and as_str);

/// The shapes after each prefix, as VIES lists them: `9` a digit, `a` a letter, `x` either, all
/// else itself.
const EU_SHAPES: [(&str, &[&str]); 28] = [
    ("AT", &["U99999999"]),
    ("BE", &["0999999999", "1999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CY", &["99999999a"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["a9999999x", "99999999a"]),
    ("FI", &["99999999"]),
    ("FR", &["xx999999999"]),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    // The last shape is an old number with + or * in the second place, dropped as punctuation.
    ("IE", &["9999999a", "9999999aa", "9a99999a", "999999a"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["999999999B99"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    (
        "RO",
        &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"],
    ),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", &["999999999", "999999999999", "GD999", "HA999"]),
];

fn check_eu_shape(normal: &str) -> Result<(), InvalidVatNumber> {
    for (prefix, shapes) in EU_SHAPES {
        if let Some(number) = normal.strip_prefix(prefix) {
            return if shapes.iter().any(|shape| has_shape(number, shape)) {
                Ok(())
            } else {
                Err(InvalidVatNumber::Shape { prefix, shapes })
            };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_form_has_upper_case_and_digits() {
        for (text, normal) in [
            ("CHE-109.322.551", Some("CHE109322551")),
            ("CHE-109.322.551 MWST", Some("CHE109322551")),
            ("che 109 322 551 tva", Some("CHE109322551")),
            ("CHE-109.322.551 IVA", Some("CHE109322551")),
            ("CHE-109.322.551 (VAT)", Some("CHE109322551")),
            ("CHE-109.322.551 TPV", Some("CHE109322551")),
            ("CHE-109.322.551 MWST/TVA", Some("CHE109322551")),
            ("GR 123456789", Some("EL123456789")),
            ("be 123.456.789", Some("BE0123456789")),
            ("ATU12345678 VAT", Some("ATU12345678VAT")),
            ("IE 1*23456a", Some("IE123456A")),
            ("äb/12", Some("ÄB12")),
            ("\u{a0}- .", None),
            ("", None),
        ] {
            assert_eq!(VatNumber::normal_form(text).as_deref(), normal, "{text:?}");
        }
    }

    #[test]
    fn numbers_of_each_eu_country_are_read() {
        for text in [
            "ATU12345678",
            "BE0123456789",
            "BE123456789",
            "BE1123456789",
            "BG123456789",
            "BG1234567890",
            "CY12345678L",
            "CZ12345678",
            "CZ123456789",
            "CZ1234567890",
            "DE123456789",
            "DK12345678",
            "EE123456789",
            "EL123456789",
            "GR123456789",
            "ESA1234567B",
            "ESA12345678",
            "ES12345678A",
            "FI12345678",
            "FR12345678901",
            "FRA2345678901",
            "FRAB345678901",
            "HR12345678901",
            "HU12345678",
            "IE1234567A",
            "IE1234567WI",
            "IE1A34567B",
            "IE1+34567B",
            "IT12345678901",
            "LT123456789",
            "LT123456789012",
            "LU12345678",
            "LV12345678901",
            "MT12345678",
            "NL123456789B01",
            "PL1234567890",
            "PT123456789",
            "RO12",
            "RO1234567890",
            "SE123456789001",
            "SI12345678",
            "SK1234567890",
            "XI123456789",
            "XI123456789001",
            "XIGD123",
            "XIHA501",
        ] {
            assert!(VatNumber::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn eu_number_of_wrong_shape_is_refused() {
        for text in [
            "AT12345678",
            "ATU1234567",
            "ATU123456789",
            "BE2123456789",
            "BE12345678",
            "CY123456789",
            "DE12345678",
            "DE1234567890",
            "DEA23456789",
            "DE",
            "EL12345678",
            "ES123456789",
            "FR1234567890",
            "IE12345678",
            "NL123456789001",
            "NL123456789B1",
            "RO1",
            "RO12345678901",
            "XI12345",
            "DE12345678９",
            "BEXIO",
        ] {
            assert!(
                matches!(VatNumber::parse(text), Err(InvalidVatNumber::Shape { .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn shape_error_lists_the_shapes() {
        assert_eq!(
            VatNumber::parse("BE12").unwrap_err().to_string(),
            "a VAT number that begins with BE must continue with 0999999999 or 1999999999 \
             (9 a digit, a a letter, x either)"
        );
    }

    #[test]
    fn che_numbers_must_be_swiss_uids() {
        assert_eq!(
            VatNumber::parse("CHE-109.322.552 MWST"),
            Err(InvalidVatNumber::SwissUid(InvalidSwissUid::CheckDigit))
        );
        assert_eq!(
            VatNumber::parse("CHE123"),
            Err(InvalidVatNumber::SwissUid(InvalidSwissUid::Shape))
        );
    }

    #[test]
    fn numbers_of_other_countries_are_read() {
        for (text, normal) in [
            ("GB 123 4567 89", "GB123456789"),
            ("no 923 609 016 mva", "NO923609016MVA"),
            ("123.456", "123456"),
            ("CH-020.3.000.000-1", "CH02030000001"),
        ] {
            assert_eq!(VatNumber::parse(text).unwrap().to_string(), normal, "{text:?}");
        }
        assert_eq!(VatNumber::parse(" -- "), Err(InvalidVatNumber::Empty));
    }
}
