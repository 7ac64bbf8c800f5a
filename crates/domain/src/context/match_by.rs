//! The shared keys that an organization matches by.

use std::fmt;
use std::str::FromStr;

use crate::path::Path;

/// A key that several contacts may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SharedKey {
    /// The e-mail address.
    Email,
    /// The phone or mobile number.
    Phone,
    /// The VAT number of the client block, else of the supplier block.
    VatNumber,
}

impl SharedKey {
    /// Every shared key.
    pub const ALL: [Self; 3] = [Self::Email, Self::Phone, Self::VatNumber];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::VatNumber => "vatNumber",
        }
    }

    /// The key that a member of the contact holds.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        match path.to_string().as_str() {
            "email" => Some(Self::Email),
            "phone" | "mobile" => Some(Self::Phone),
            "client.vatNumber" | "supplier.vatNumber" => Some(Self::VatNumber),
            _ => None,
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Email => 1,
            Self::Phone => 2,
            Self::VatNumber => 4,
        }
    }
}

/// A set of shared keys. Its text is their names with commas between, or `none`.
///
/// An organization has the normal forms of these keys stored, and matches by no other. The default
/// is that of a new organization: `email`.
///
/// ```
/// use contacts_domain::{MatchBy, SharedKey};
///
/// let match_by: MatchBy = "vatNumber,email".parse()?;
/// assert!(match_by.includes(SharedKey::Email) && !match_by.includes(SharedKey::Phone));
/// assert_eq!(match_by.to_string(), "email,vatNumber");
/// assert_eq!("none".parse(), Ok(MatchBy::NONE));
/// # Ok::<(), contacts_domain::InvalidMatchBy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatchBy(u8);

impl MatchBy {
    /// No key.
    pub const NONE: Self = Self(0);
    /// Every key.
    pub const ALL: Self = Self(7);

    /// Whether the key is one of them.
    pub fn includes(self, key: SharedKey) -> bool {
        self.0 & key.bit() != 0
    }

    /// Whether it has no key.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The keys, in their usual order.
    pub fn iter(self) -> impl Iterator<Item = SharedKey> {
        SharedKey::ALL.into_iter().filter(move |key| self.includes(*key))
    }

    /// The keys of either.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The keys that the other does not have.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl Default for MatchBy {
    fn default() -> Self {
        Self(SharedKey::Email.bit())
    }
}

impl From<SharedKey> for MatchBy {
    fn from(key: SharedKey) -> Self {
        Self(key.bit())
    }
}

impl fmt::Display for MatchBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (position, key) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            f.write_str(key.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for MatchBy {
    type Err = InvalidMatchBy;

    fn from_str(text: &str) -> Result<Self, InvalidMatchBy> {
        match text {
            "" => return Err(InvalidMatchBy::Empty),
            "none" => return Ok(Self::NONE),
            _ => {}
        }
        text.split(',').try_fold(Self::NONE, |keys, name| {
            let key = SharedKey::ALL.into_iter().find(|key| key.as_str() == name);
            match key {
                None => Err(InvalidMatchBy::Unknown(name.to_owned())),
                Some(key) if keys.includes(key) => Err(InvalidMatchBy::Twice(key.as_str())),
                Some(key) => Ok(keys.with(key.into())),
            }
        })
    }
}

/// A text that is no [`MatchBy`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMatchBy {
    /// It is empty.
    #[error("name the keys, of email, phone and vatNumber with commas between, or none")]
    Empty,
    /// It names something else.
    #[error("no shared key `{0}`; there are email, phone and vatNumber, or none alone")]
    Unknown(String),
    /// It names a key twice.
    #[error("{0} is named twice")]
    Twice(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_survives_its_text() {
        for bits in 0..8 {
            let keys = MatchBy(bits);
            assert_eq!(keys.to_string().parse(), Ok(keys), "{keys}");
        }
        assert_eq!(MatchBy::ALL.to_string(), "email,phone,vatNumber");
        assert_eq!(MatchBy::default().to_string(), "email");
    }

    #[test]
    fn wrong_text_is_no_set() {
        let unknown = |name: &str| InvalidMatchBy::Unknown(name.to_owned());
        for (text, expected) in [
            ("", InvalidMatchBy::Empty),
            ("mail", unknown("mail")),
            ("Email", unknown("Email")),
            ("email, phone", unknown(" phone")),
            ("email,", unknown("")),
            ("email,none", unknown("none")),
            ("externalId", unknown("externalId")),
            ("email,phone,email", InvalidMatchBy::Twice("email")),
        ] {
            assert_eq!(text.parse::<MatchBy>(), Err(expected), "{text:?}");
        }
    }
}
