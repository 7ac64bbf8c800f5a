//! The kinds of intercom endpoints.

use thiserror::Error;

/// The kind of an intercom endpoint, which decides how its address is built.
///
/// ```
/// use contacts_domain::value::IntercomType;
///
/// assert_eq!(IntercomType::parse("p2p")?, IntercomType::P2p);
/// # Ok::<(), contacts_domain::value::InvalidIntercomType>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntercomType {
    /// An apartment, with all its devices.
    Regular,
    /// One device of an apartment.
    Individual,
    /// A device of a unit, such as a door panel.
    Multi,
    /// A device that is called directly, by SIP.
    P2p,
}

/// The text is not the name of a kind of intercom endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the intercom type must be one of regular, individual, multi, p2p")]
pub struct InvalidIntercomType;

impl IntercomType {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Regular, Self::Individual, Self::Multi, Self::P2p];

    /// Reads a name in lower case.
    ///
    /// # Errors
    ///
    /// [`InvalidIntercomType`] for anything but the four names.
    pub fn parse(text: &str) -> Result<Self, InvalidIntercomType> {
        match text {
            "regular" => Ok(Self::Regular),
            "individual" => Ok(Self::Individual),
            "multi" => Ok(Self::Multi),
            "p2p" => Ok(Self::P2p),
            _ => Err(InvalidIntercomType),
        }
    }

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Individual => "individual",
            Self::Multi => "multi",
            Self::P2p => "p2p",
        }
    }
}

text_traits!(IntercomType: InvalidIntercomType, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_names_are_read() {
        for name in ["regular", "individual", "multi", "p2p"] {
            assert_eq!(IntercomType::parse(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_names_are_refused() {
        for text in ["", "Regular", "P2P", " multi", "sip", "ｐ2p"] {
            assert_eq!(IntercomType::parse(text), Err(InvalidIntercomType), "{text:?}");
        }
    }
}
