//! `contact-hub token`.

mod list;
mod rotate;
mod secret;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use contacts_application::access::{NewToken, Reach, Scope, Scopes, TokenId};
use contacts_application::ports::Clock as _;
use contacts_domain::{OrganizationId, Timestamp};

pub(crate) use self::list::{ListTokens, list};
pub(crate) use self::rotate::{RotateToken, rotate};
pub(crate) use self::secret::Secret;
use crate::clock::SystemClock;
use crate::commands::organization::{parse_name, parse_organization};
use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::{self, Store};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The arguments of `contact-hub token create`.
#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    /// An organization that the token may act for; repeat it for further ones
    #[arg(long, value_name = "N", value_parser = parse_organization)]
    organization: Vec<OrganizationId>,
    /// What the token may do; several with commas or by repetition [default: all but admin]
    ///
    /// `staff:read` shows the salary data of the block `staff`, `staff:write` takes it, and `staff` is
    /// both. `admin` extends the other scopes to every organization, also to those that are created
    /// later.
    #[arg(long, value_delimiter = ',', value_parser = scope_parser())]
    scope: Vec<Scopes>,
    /// A name that shows in the list, 1 to 100 characters
    #[arg(long, value_name = "TEXT", value_parser = parse_name)]
    name: Option<String>,
    /// Let the token expire after so many days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    expires_in_days: Option<u16>,
}

/// A token to create, whose options agree.
#[derive(Debug)]
pub(crate) struct CheckedToken {
    reach: Reach,
    scopes: Scopes,
    name: String,
    expires_in_days: Option<u16>,
}

impl CreateToken {
    /// Works out which organizations the token reaches.
    ///
    /// # Errors
    ///
    /// If there is none, or `admin` reaches others than those that are named.
    pub(crate) fn checked(self) -> Result<CheckedToken, &'static str> {
        let Self { mut organization, scope, name, expires_in_days } = self;
        let scopes = match scope.is_empty() {
            true => Scopes::all_but_admin(),
            false => scope.into_iter().collect(),
        };
        organization.sort_unstable();
        organization.dedup();
        let reach = if scopes.include(Scope::Admin) {
            if !organization.is_empty() {
                return Err("--scope admin reaches every organization: leave out --organization, \
                            or leave out admin");
            }
            Reach::Everywhere
        } else if organization.is_empty() {
            return Err("--organization N is required, except with --scope admin");
        } else {
            Reach::Organizations(organization)
        };
        Ok(CheckedToken { reach, scopes, name: name.unwrap_or_default(), expires_in_days })
    }
}

/// The arguments of `contact-hub token revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeToken {
    /// The id of the token in `contact-hub token list`
    #[arg(value_name = "ID")]
    id: i64,
}

/// Creates a token and prints it.
///
/// # Errors
///
/// If an organization does not exist, or the store fails.
pub(crate) async fn create(
    database: &DatabaseSettings,
    create: CheckedToken,
) -> Result<(), Failure> {
    let store = Store::open_existing(database).await?;
    startup::first_organization(&store).await?;
    let secret = Secret::new()?;
    let now = SystemClock.now();
    let expires_at = create.expires_in_days.map(|days| in_days(now, days));
    let token = NewToken {
        digest: secret.digest(),
        prefix: secret.prefix(),
        name: create.name,
        reach: create.reach,
        scopes: create.scopes,
        created_at: now,
        expires_at,
        replaces: None,
    };
    store.manage_access().create_token(token).await?;
    printing::print(secret.reveal())
}

/// Revokes a token.
///
/// # Errors
///
/// If the token does not exist or was revoked before, or the store fails.
pub(crate) async fn revoke(
    database: &DatabaseSettings,
    revoke: RevokeToken,
) -> Result<(), Failure> {
    let RevokeToken { id } = revoke;
    let store = Store::open_existing(database).await?;
    if store.manage_access().revoke_token(TokenId(id)).await? {
        printing::print(&format!("token {id} is revoked"))
    } else {
        let remedy = "`contact-hub token list` shows what can be revoked";
        Err(Failure::new(format!("no token {id} that is not revoked"), remedy))
    }
}

fn in_days(now: Timestamp, days: u16) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(i64::from(days) * MICROS_PER_DAY))
}

fn scope_parser() -> impl clap::builder::TypedValueParser<Value = Scopes> {
    PossibleValuesParser::new(Scopes::names()).try_map(|name| name.parse::<Scopes>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(organizations: &[i32], scopes: &[Scope]) -> Result<CheckedToken, &'static str> {
        let organization = organizations.iter().filter_map(|id| OrganizationId::new(*id)).collect();
        let scope = scopes.iter().map(|scope| [*scope].into_iter().collect()).collect();
        CreateToken { organization, scope, name: None, expires_in_days: None }.checked()
    }

    #[test]
    fn default_scopes_are_all_but_admin() {
        let token = checked(&[2, 1, 2], &[]).unwrap();
        assert_eq!(token.scopes, Scopes::all_but_admin());
        let both = [1, 2].into_iter().filter_map(OrganizationId::new).collect();
        assert_eq!(token.reach, Reach::Organizations(both));
    }

    #[test]
    fn admin_reaches_every_organization() {
        assert_eq!(checked(&[], &[Scope::Read, Scope::Admin]).unwrap().reach, Reach::Everywhere);
    }

    #[test]
    fn admin_with_an_organization_is_refused() {
        assert!(checked(&[1], &[Scope::Admin]).is_err());
    }

    #[test]
    fn token_without_organization_is_refused() {
        assert!(checked(&[], &[Scope::Read]).is_err());
    }
}
