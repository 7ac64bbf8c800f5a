//! `contact-hub organization set`.

use clap::{ArgGroup, Args};
use contacts_application::access::{Filling, SettingsChange};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, OrganizationId, Respelling};

use super::{parse_match_by, parse_name, parse_organization, parse_region, respelling_parser};
use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::progress::Progress;
use crate::startup::Store;

/// The arguments of `contact-hub organization set`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["name", "region", "match_by", "respelling"]))]
pub(crate) struct SetOrganization {
    /// Its id
    #[arg(long, value_name = "N", value_parser = parse_organization)]
    id: OrganizationId,
    /// Its name, 1 to 100 characters
    #[arg(long, value_name = "TEXT", value_parser = parse_name)]
    name: Option<String>,
    /// The country of its phone numbers without a country code (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "COUNTRY", value_parser = parse_region)]
    region: Option<CountryCode>,
    /// The keys that requests can match by besides the ids: of email, phone and vatNumber, with commas
    /// between, or none
    #[arg(long, value_name = "KEYS", value_parser = parse_match_by)]
    match_by: Option<MatchBy>,
    /// What every API stores of a value that is only spelled in another way than the stored one, unless a
    /// request says so: the text sent, or what is stored
    #[arg(long, value_name = "WORD", value_parser = respelling_parser())]
    respelling: Option<Respelling>,
}

/// Changes the organization, and fills or empties the keys that change.
///
/// # Errors
///
/// If the organization does not exist, or the store fails. What is not filled yet is filled by a
/// server, or by calling this again.
pub(crate) async fn set(database: &DatabaseSettings, set: SetOrganization) -> Result<(), Failure> {
    let SetOrganization { id, name, region, match_by, respelling } = set;
    let store = Store::open_existing(database).await?;
    let change = SettingsChange { name, region, match_by, respelling };
    store.set_organization().execute(id, change, false, None).await?;

    let mut progress = Progress::start("filled");
    let mut notice = |filling: Filling| {
        let count = |contacts: i64| u64::try_from(contacts).unwrap_or(0);
        progress.show(count(filling.done), count(filling.of.max(filling.done)));
    };
    let filled = store.fill_keys().execute(id, &mut notice).await;
    progress.end();
    for contact in filled? {
        let id = contact.key.id;
        printing::print_notice(&format!("contact {id} is left out: run `contact-hub check`"));
    }
    printing::print(&format!("organization {id} is set"))
}
