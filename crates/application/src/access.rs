//! Organizations, tokens and scopes.

mod organization;

use std::fmt;
use std::str::FromStr;

use contacts_domain::{OrganizationId, Timestamp};

pub use organization::{Filling, LadderError, Organization, SettingsChange};

/// The longest name of an organization or a token, in characters.
const MAX_NAME: usize = 100;

/// Checks the name of a new organization or token. Stored names are not checked again.
///
/// # Errors
///
/// If it is blank, longer than 100 characters, or has a control character.
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    let is_valid = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.chars().any(char::is_control);
    if is_valid { Ok(()) } else { Err(InvalidName) }
}

/// A text that is no name of an organization or a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters, is not blank and has no control characters")]
pub struct InvalidName;

/// The number of a token, by which it is listed and revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub i64);

/// The SHA-256 digest (FIPS 180-4) of a token. The token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub [u8; 32]);

/// A token to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Its digest.
    pub digest: TokenDigest,
    /// Its first characters, for people.
    pub prefix: String,
    /// A note on its purpose, or empty.
    pub name: String,
    /// The organizations it may act for.
    pub reach: Reach,
    /// Its scopes there.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A stored token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Its first characters, for people.
    pub prefix: String,
    /// A note on its purpose.
    pub name: String,
    /// The organizations it may act for.
    pub reach: Reach,
    /// Its scopes there.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it is neither revoked nor expired.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// The organizations that a token may act for.
///
/// A request with a token of one organization need not name it. With a token of several, or of all,
/// a request has to name one.
///
/// Its text is `*`, or the ids as a JSON array.
///
/// ```
/// use contacts_application::access::Reach;
///
/// let reach: Reach = "[1,7]".parse()?;
/// assert_eq!(reach.to_string(), "[1,7]");
/// assert_eq!("*".parse(), Ok(Reach::Everywhere));
/// # Ok::<(), contacts_application::access::InvalidReach>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// These.
    Organizations(Vec<OrganizationId>),
    /// All of them, future ones included.
    Everywhere,
}

impl Reach {
    /// The organization of a request that names none, or `None` if it has to name one.
    pub fn home(&self) -> Option<OrganizationId> {
        match self {
            Self::Organizations(organizations) => match organizations.as_slice() {
                [home] => Some(*home),
                _ => None,
            },
            Self::Everywhere => None,
        }
    }

    /// Whether it includes that organization.
    pub fn includes(&self, organization: OrganizationId) -> bool {
        match self {
            Self::Organizations(organizations) => organizations.contains(&organization),
            Self::Everywhere => true,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("*"),
            Self::Organizations(organizations) => {
                let ids: Vec<String> = organizations.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", ids.join(","))
            }
        }
    }
}

impl FromStr for Reach {
    type Err = InvalidReach;

    fn from_str(text: &str) -> Result<Self, InvalidReach> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Everywhere);
        }
        let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let list = list.ok_or(InvalidReach)?.trim();
        let ids = list.split_terminator(',').map(|id| id.trim().parse().ok());
        let ids = ids.map(|id| id.and_then(OrganizationId::new));
        ids.collect::<Option<_>>().map(Self::Organizations).ok_or(InvalidReach)
    }
}

/// A text that is no [`Reach`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reach has to be `*` or a JSON array of organization ids")]
pub struct InvalidReach;

/// A right of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read contacts.
    Read,
    /// Create and change contacts.
    Write,
    /// Delete contacts, and merge them, which deletes one.
    Delete,
    /// Read and write the block `staff`, which is salary data.
    Staff,
    /// Act for every organization.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Delete, Self::Staff, Self::Admin];

    /// The name on the command line and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Delete => 4,
            Self::Staff => 8,
            Self::Admin => 16,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let scope = Self::ALL.into_iter().find(|scope| scope.as_str() == name);
        scope.ok_or_else(|| UnknownScope(name.to_owned()))
    }
}

/// There is no scope of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scope `{0}`")]
pub struct UnknownScope(String);

/// A set of scopes. Its text is their names, separated by spaces.
///
/// ```
/// use contacts_application::access::{Scope, Scopes};
/// let scopes: Scopes = [Scope::Read, Scope::Staff].into_iter().collect();
/// assert!(scopes.include(Scope::Staff) && !scopes.include(Scope::Write));
/// assert_eq!(scopes.to_string(), "read staff");
/// assert_eq!("staff read".parse(), Ok(scopes));
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

    /// The scopes, in their usual order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.include(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(names: &str) -> Result<Self, UnknownScope> {
        names.split_whitespace().map(str::parse).collect()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}
