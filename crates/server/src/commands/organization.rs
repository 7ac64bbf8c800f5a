//! `contact-hub organization`.

mod list;
mod set;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use contacts_application::access::{InvalidName, Organization, check_name};
use contacts_application::use_cases::ManageAccessError;
use contacts_domain::value::CountryCode;
use contacts_domain::{InvalidMatchBy, MatchBy, OrganizationId, Respelling};

use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::Store;

pub(crate) use list::list;
pub(crate) use set::{SetOrganization, set};

/// The region of an organization that is created without one.
pub(crate) const DEFAULT_REGION: &str = "CH";

/// The arguments of `contact-hub organization create`.
#[derive(Debug, Args)]
pub(crate) struct CreateOrganization {
    /// Its id, 1 to 2147483647, as requests send it in TARGET-ORGANIZATION-ID
    #[arg(long, value_name = "N", value_parser = parse_organization)]
    id: OrganizationId,
    /// Its name, 1 to 100 characters
    #[arg(long, value_name = "TEXT", value_parser = parse_name)]
    name: String,
    /// The country of its phone numbers without a country code (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "COUNTRY", value_parser = parse_region, default_value = DEFAULT_REGION)]
    region: CountryCode,
    /// The keys that requests can match by besides the ids: of email, phone and vatNumber, with commas
    /// between, or none
    #[arg(long, value_name = "KEYS", value_parser = parse_match_by, default_value_t)]
    match_by: MatchBy,
    /// What every API stores of a value that is only spelled in another way than the stored one, unless a
    /// request says so: the text sent, or what is stored
    #[arg(long, value_name = "WORD", value_parser = respelling_parser(), default_value = "take")]
    respelling: Respelling,
}

/// Adds the organization.
///
/// # Errors
///
/// If the id is taken, or the store fails.
pub(crate) async fn create(
    database: &DatabaseSettings,
    create: CreateOrganization,
) -> Result<(), Failure> {
    let CreateOrganization { id, name, region, match_by, respelling } = create;
    let store = Store::open_existing(database).await?;
    let mut organization = Organization::new(id, name, region);
    organization.settings.match_by = match_by;
    organization.settings.respelling = respelling;
    store.manage_access().create_organization(organization).await?;
    printing::print(&format!("organization {id} is there"))
}

/// Parses the id of an organization.
pub(crate) fn parse_organization(text: &str) -> Result<OrganizationId, String> {
    let id = text.parse().ok().and_then(OrganizationId::new);
    id.ok_or_else(|| format!("an organization is a whole number from 1 to {}", i32::MAX))
}

/// Parses the name of an organization or a token.
pub(crate) fn parse_name(text: &str) -> Result<String, InvalidName> {
    check_name(text).map(|()| text.to_owned())
}

fn parse_region(text: &str) -> Result<CountryCode, String> {
    CountryCode::parse(text).map_err(|error| error.to_string())
}

fn parse_match_by(text: &str) -> Result<MatchBy, InvalidMatchBy> {
    text.parse()
}

fn respelling_parser() -> impl TypedValueParser<Value = Respelling> {
    PossibleValuesParser::new(Respelling::ALL.map(Respelling::as_str))
        .map(|word| Respelling::parse(&word).unwrap_or_default())
}

impl From<ManageAccessError> for Failure {
    fn from(error: ManageAccessError) -> Self {
        match error {
            ManageAccessError::OrganizationExists(id) => {
                Self::new(format!("organization {id} exists already"), "choose another --id")
            }
            ManageAccessError::UnknownOrganization(id) => Self::new(
                format!("organization {id} does not exist"),
                format!("create it with `contact-hub organization create --id {id} --name TEXT`"),
            ),
            ManageAccessError::InvalidName(error) => {
                Self::new(error.to_string(), "choose another --name")
            }
            ManageAccessError::NoValidToken(_) => Self::new(
                error.to_string(),
                "`contact-hub token list` shows which are; `contact-hub token create` makes one",
            ),
            ManageAccessError::AlreadyReplaced { new, .. } => Self::new(
                error.to_string(),
                format!(
                    "rotate token {0}, or revoke it if nobody uses it: `contact-hub token revoke {0}`",
                    new.0
                ),
            ),
            ManageAccessError::StillReplacing { old, .. } => Self::new(
                error.to_string(),
                format!("wait until that has expired, or run `contact-hub token revoke {}`", old.0),
            ),
            // Commands have no idempotency key.
            ManageAccessError::NotDone(_) => Self::new(error.to_string(), "run it again"),
            ManageAccessError::Store(error) => error.into(),
        }
    }
}
