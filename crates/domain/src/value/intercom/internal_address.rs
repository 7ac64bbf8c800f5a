//! Addresses inside an intercom installation.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::IntercomType;
use crate::value::digits::all_digits;

/// An address inside an intercom installation: decimal parts joined by hyphens, for example
/// `0001-01-04-12`. The [`IntercomType`] prescribes the form.
///
/// | type | form |
/// | --- | --- |
/// | regular | `BBBB-UU-FF-AA`: building, unit, floor, apartment |
/// | individual | `BBB-UU-FF-AA-D`: building, unit, floor, apartment, device |
/// | multi | `BBBB-UU-DD`: building, unit, device |
///
/// `FromStr` and serde know the type by the length of the text.
///
/// ```
/// use contacts_domain::value::{IntercomType, InternalAddress};
///
/// let address = InternalAddress::parse(IntercomType::Regular, "0001-01-04-12")?;
/// assert_eq!(address.as_str(), "0001-01-04-12");
/// # Ok::<(), contacts_domain::value::InvalidInternalAddress>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InternalAddress(Box<str>);

/// The text is not an internal address of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidInternalAddress {
    /// The type has no internal addresses.
    #[error("an intercom of type p2p has no internal address")]
    NoAddress,
    /// Other parts, or other digits, than the type prescribes.
    #[error("an internal address of this type must be digits in the form {form}")]
    Shape {
        /// The form of the type, a letter for each digit.
        form: &'static str,
    },
    /// A part has the right number of digits and is out of range.
    #[error("the {part} in an internal address must be from {from} to {to}")]
    Range {
        /// The name of the part.
        part: &'static str,
        /// The smallest number allowed.
        from: u16,
        /// The largest number allowed.
        to: u16,
    },
}

impl InternalAddress {
    /// Reads an address as written: nothing is trimmed, only ASCII digits are digits.
    ///
    /// # Errors
    ///
    /// The first part that is wrong, as an [`InvalidInternalAddress`].
    pub fn parse(intercom_type: IntercomType, text: &str) -> Result<Self, InvalidInternalAddress> {
        let layout = match intercom_type {
            IntercomType::Regular => &REGULAR,
            IntercomType::Individual => &INDIVIDUAL,
            IntercomType::Multi => &MULTI,
            IntercomType::P2p => return Err(InvalidInternalAddress::NoAddress),
        };
        layout.check(text)?;
        Ok(Self(text.into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(InternalAddress: InvalidInternalAddress, by as_str);

impl std::str::FromStr for InternalAddress {
    type Err = InvalidInternalAddress;

    fn from_str(text: &str) -> Result<Self, InvalidInternalAddress> {
        let mut layouts = [&INDIVIDUAL, &MULTI].into_iter();
        layouts.find(|layout| layout.form.len() == text.len()).unwrap_or(&REGULAR).check(text)?;
        Ok(Self(text.into()))
    }
}

struct Layout {
    form: &'static str,
    parts: &'static [Part],
}

struct Part {
    name: &'static str,
    digits: usize,
    range: RangeInclusive<u16>,
}

static REGULAR: Layout = Layout {
    form: "BBBB-UU-FF-AA",
    parts: &[
        Part { name: "building", digits: 4, range: 1..=9999 },
        Part { name: "unit", digits: 2, range: 0..=99 },
        Part { name: "floor", digits: 2, range: 0..=98 },
        Part { name: "apartment", digits: 2, range: 0..=99 },
    ],
};

static INDIVIDUAL: Layout = Layout {
    form: "BBB-UU-FF-AA-D",
    parts: &[
        Part { name: "building", digits: 3, range: 1..=999 },
        Part { name: "unit", digits: 2, range: 0..=99 },
        Part { name: "floor", digits: 2, range: 0..=98 },
        Part { name: "apartment", digits: 2, range: 0..=99 },
        Part { name: "device", digits: 1, range: 1..=9 },
    ],
};

static MULTI: Layout = Layout {
    form: "BBBB-UU-DD",
    parts: &[
        Part { name: "building", digits: 4, range: 1..=9999 },
        Part { name: "unit", digits: 2, range: 0..=99 },
        Part { name: "device", digits: 2, range: 1..=99 },
    ],
};

impl Layout {
    fn check(&self, text: &str) -> Result<(), InvalidInternalAddress> {
        let shape = || InvalidInternalAddress::Shape { form: self.form };
        let mut numbers = text.split('-');
        for part in self.parts {
            let number = numbers.next().and_then(|digits| part.number(digits)).ok_or_else(shape)?;
            if !part.range.contains(&number) {
                return Err(InvalidInternalAddress::Range {
                    part: part.name,
                    from: *part.range.start(),
                    to: *part.range.end(),
                });
            }
        }
        numbers.next().map_or(Ok(()), |_| Err(shape()))
    }
}

impl Part {
    fn number(&self, text: &str) -> Option<u16> {
        (text.len() == self.digits && all_digits(text)).then(|| text.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::IntercomType::{Individual, Multi, P2p, Regular};
    use super::*;

    #[test]
    fn addresses_within_the_limits_are_read() {
        for (intercom_type, text) in [
            (Regular, "0001-00-00-00"),
            (Regular, "9999-99-98-99"),
            (Individual, "001-00-00-00-1"),
            (Individual, "999-99-98-99-9"),
            (Multi, "0001-00-01"),
            (Multi, "9999-99-99"),
        ] {
            let address = InternalAddress::parse(intercom_type, text);
            assert_eq!(address.as_ref().map(InternalAddress::as_str), Ok(text));
        }
    }

    #[test]
    fn addresses_beyond_the_limits_are_refused() {
        for (intercom_type, text, part, from, to) in [
            (Regular, "0000-01-01-01", "building", 1, 9999),
            (Regular, "0001-01-99-01", "floor", 0, 98),
            (Individual, "000-01-01-01-1", "building", 1, 999),
            (Individual, "001-01-99-01-1", "floor", 0, 98),
            (Individual, "001-01-01-01-0", "device", 1, 9),
            (Multi, "0000-01-01", "building", 1, 9999),
            (Multi, "0001-01-00", "device", 1, 99),
        ] {
            let error = InvalidInternalAddress::Range { part, from, to };
            assert_eq!(InternalAddress::parse(intercom_type, text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn addresses_of_another_form_are_refused() {
        for (intercom_type, text, form) in [
            (Regular, "", "BBBB-UU-FF-AA"),
            (Regular, "001-01-01-01", "BBBB-UU-FF-AA"),
            (Regular, "00001-01-01-01", "BBBB-UU-FF-AA"),
            (Regular, "0001-1-01-01", "BBBB-UU-FF-AA"),
            (Regular, "0001-01-01", "BBBB-UU-FF-AA"),
            (Regular, "0001-01-01-01-1", "BBBB-UU-FF-AA"),
            (Regular, "0001-01-01-01-", "BBBB-UU-FF-AA"),
            (Regular, " 0001-01-01-01", "BBBB-UU-FF-AA"),
            (Regular, "0001-01-01-01\n", "BBBB-UU-FF-AA"),
            (Regular, "0001.01.01.01", "BBBB-UU-FF-AA"),
            (Regular, "+001-01-01-01", "BBBB-UU-FF-AA"),
            (Regular, "000１-01-01-01", "BBBB-UU-FF-AA"),
            (Regular, "0001-٠١-01-01", "BBBB-UU-FF-AA"),
            (Individual, "0001-01-01-01-1", "BBB-UU-FF-AA-D"),
            (Individual, "001-01-01-01-01", "BBB-UU-FF-AA-D"),
            (Individual, "001-01-01-01", "BBB-UU-FF-AA-D"),
            (Multi, "0001-01-01-01", "BBBB-UU-DD"),
            (Multi, "0001-01-1", "BBBB-UU-DD"),
        ] {
            let error = InvalidInternalAddress::Shape { form };
            assert_eq!(InternalAddress::parse(intercom_type, text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn p2p_has_no_internal_address() {
        let address = InternalAddress::parse(P2p, "0001-01-01-01");
        assert_eq!(address, Err(InvalidInternalAddress::NoAddress));
    }
}
