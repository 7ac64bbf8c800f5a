//! What a token may do.

use std::fmt;
use std::str::FromStr;

/// A right of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read contacts.
    Read,
    /// Create and change contacts.
    Write,
    /// Delete contacts, and merge them, which deletes one.
    Delete,
    /// Read the block `staff`, which is salary data.
    StaffRead,
    /// Write the block `staff`.
    StaffWrite,
    /// Act for every organization.
    Admin,
}

/// Stands for both scopes of the block `staff`, on the command line and in the store.
const STAFF: &str = "staff";

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Write, Self::Delete, Self::StaffRead, Self::StaffWrite, Self::Admin];

    /// The name on the command line and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::StaffRead => "staff:read",
            Self::StaffWrite => "staff:write",
            Self::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Delete => 4,
            Self::StaffRead => 8,
            Self::StaffWrite => 16,
            Self::Admin => 32,
        }
    }
}

/// There is no scope of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scope `{0}`")]
pub struct UnknownScope(String);

/// A set of scopes. Its text is their names, separated by spaces; `staff` stands for `staff:read` and
/// `staff:write`.
///
/// ```
/// use contacts_application::access::{Scope, Scopes};
/// let scopes: Scopes = "staff read".parse()?;
/// assert!(scopes.include(Scope::StaffRead) && scopes.include(Scope::StaffWrite));
/// assert!(!scopes.include(Scope::Write));
/// assert_eq!(scopes.to_string(), "read staff");
/// assert_eq!(Scopes::from_iter([Scope::Read, Scope::StaffRead]).to_string(), "read staff:read");
/// # Ok::<(), contacts_application::access::UnknownScope>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// All scopes except `admin`.
    pub fn all_but_admin() -> Self {
        Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin).collect()
    }

    /// Whether the scope is one of them.
    pub fn include(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of the scopes are among them.
    pub fn include_all(self, scopes: Self) -> bool {
        self.0 & scopes.0 == scopes.0
    }

    /// The names of which a set of scopes is made, each scope and those that stand for several.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Scope::ALL.map(Scope::as_str).into_iter().chain([STAFF])
    }

    /// The shortest list of names for these scopes, in their usual order.
    pub fn as_names(self) -> impl Iterator<Item = &'static str> {
        let both = self.include(Scope::StaffRead) && self.include(Scope::StaffWrite);
        Scope::ALL.into_iter().filter(move |scope| self.include(*scope)).filter_map(move |scope| {
            match scope {
                Scope::StaffRead if both => Some(STAFF),
                Scope::StaffWrite if both => None,
                scope => Some(scope.as_str()),
            }
        })
    }

    fn named(name: &str) -> Result<Self, UnknownScope> {
        if name == STAFF {
            return Ok([Scope::StaffRead, Scope::StaffWrite].into_iter().collect());
        }
        let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
        Ok([scope.ok_or_else(|| UnknownScope(name.to_owned()))?].into_iter().collect())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl FromIterator<Self> for Scopes {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        Self(sets.into_iter().fold(0, |bits, set| bits | set.0))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.as_names().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(names: &str) -> Result<Self, UnknownScope> {
        names.split_whitespace().map(Self::named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_survives_its_text() {
        for bits in 0..1 << Scope::ALL.len() {
            let scopes = Scopes(bits);
            assert_eq!(scopes.to_string().parse(), Ok(scopes));
        }
    }

    #[test]
    fn unknown_name_is_refused() {
        for names in ["everything", "read staff:", "Read"] {
            assert!(names.parse::<Scopes>().is_err(), "{names}");
        }
    }
}
