//! Organizations, tokens and scopes.

mod organization;
mod scopes;

use std::fmt;
use std::str::FromStr;

use contacts_domain::{OrganizationId, Timestamp};

pub use organization::{Filling, LadderError, Organization, SettingsChange};
pub use scopes::{Scope, Scopes, UnknownScope};

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
    /// The token of the same client that it replaces.
    pub replaces: Option<TokenId>,
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
    /// The token of the same client that it replaces.
    pub replaces: Option<TokenId>,
    /// When it was last used, to about a minute; a server writes that down later.
    pub last_used_at: Option<Timestamp>,
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

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}
