//! Call numbers of intercom endpoints.

use thiserror::Error;

use super::{IntercomType, InternalAddress, InvalidInternalAddress, InvalidSipUri, SipUri};

/// The number that calls an intercom endpoint: an internal address of its type, or a SIP URI.
///
/// Every type accepts a SIP URI; `p2p` accepts nothing else. `FromStr` and serde know no type: they
/// read the numbers of every type.
///
/// ```
/// use contacts_domain::value::{IntercomNumber, IntercomType};
///
/// assert!(IntercomNumber::parse(IntercomType::Multi, "0001-01-07").is_ok());
/// assert!(IntercomNumber::parse(IntercomType::P2p, "sip:door@10.0.0.5").is_ok());
/// assert!(IntercomNumber::parse(IntercomType::P2p, "0001-01-07").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IntercomNumber {
    /// An address inside the installation.
    Internal(InternalAddress),
    /// An address on the network.
    Sip(SipUri),
}

/// The text is not a number of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIntercomNumber {
    /// Neither a SIP URI nor an internal address of the type.
    #[error(transparent)]
    Internal(InvalidInternalAddress),
    /// Meant to be a SIP URI, and isn't one.
    #[error(transparent)]
    Sip(#[from] InvalidSipUri),
    /// A p2p endpoint has no internal address.
    #[error("the number of an intercom of type p2p must be a SIP URI, as in sip:user@host")]
    SipOnly,
}

impl IntercomNumber {
    /// Reads a number as written: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidIntercomNumber`].
    pub fn parse(intercom_type: IntercomType, text: &str) -> Result<Self, InvalidIntercomNumber> {
        if SipUri::is_meant(text) {
            return Ok(Self::Sip(SipUri::parse(text)?));
        }
        Ok(Self::Internal(InternalAddress::parse(intercom_type, text)?))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Internal(address) => address.as_str(),
            Self::Sip(uri) => uri.as_str(),
        }
    }
}

text_traits!(IntercomNumber: InvalidIntercomNumber, by as_str);

impl std::str::FromStr for IntercomNumber {
    type Err = InvalidIntercomNumber;

    fn from_str(text: &str) -> Result<Self, InvalidIntercomNumber> {
        if SipUri::is_meant(text) {
            return Ok(Self::Sip(text.parse()?));
        }
        Ok(Self::Internal(text.parse()?))
    }
}

impl From<InvalidInternalAddress> for InvalidIntercomNumber {
    fn from(error: InvalidInternalAddress) -> Self {
        match error {
            InvalidInternalAddress::NoAddress => Self::SipOnly,
            wrong => Self::Internal(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IntercomType::{Individual, Multi, P2p, Regular};
    use super::*;

    #[test]
    fn each_type_reads_its_numbers() {
        for (intercom_type, text) in [
            (Regular, "0001-01-04-12"),
            (Individual, "001-01-04-12-3"),
            (Multi, "0001-01-07"),
            (Regular, "sip:anna@example.ch"),
            (Individual, "sip:anna@example.ch"),
            (Multi, "sip:anna@example.ch"),
            (P2p, "sip:anna@example.ch"),
        ] {
            let number = IntercomNumber::parse(intercom_type, text);
            assert_eq!(number.as_ref().map(IntercomNumber::as_str), Ok(text));
        }
    }

    #[test]
    fn numbers_of_another_type_are_refused() {
        use InvalidIntercomNumber::{Internal, Sip, SipOnly};
        let shape = |form| Internal(InvalidInternalAddress::Shape { form });
        for (intercom_type, text, error) in [
            (P2p, "0001-01-04-12", SipOnly),
            (P2p, "", SipOnly),
            (P2p, "SIP:anna@example.ch", Sip(InvalidSipUri::Scheme)),
            (Multi, "Sip:anna@example.ch", Sip(InvalidSipUri::Scheme)),
            (Regular, "sips:anna@example.ch", Sip(InvalidSipUri::Secure)),
            (P2p, "sip:anna", Sip(InvalidSipUri::User)),
            (Multi, "0001-01-04-12", shape("BBBB-UU-DD")),
            (Regular, "anna@example.ch", shape("BBBB-UU-FF-AA")),
        ] {
            assert_eq!(IntercomNumber::parse(intercom_type, text), Err(error), "{text:?}");
        }
    }
}
