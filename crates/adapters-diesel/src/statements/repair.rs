//! Repairs rows that do not follow from their documents.

use std::collections::HashMap;

use contacts_domain::ContactId;
use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::decision::{AliasKey, Writes};
use diesel::prelude::*;

use super::{query, row, settings, stored};
use crate::connect::Failure;
use crate::schema::contact;

/// Reads the contacts of a repair and examines them. Returns what to write, which leaves documents,
/// versions and times alone, and what to report.
pub(crate) fn settle(
    connection: &mut SqliteConnection,
    repair: &Repair,
) -> Result<(Writes, Vec<Discrepancy>), Failure> {
    settings::check_version(connection, repair.organization(), repair.settings_version())?;
    let stored = stored::named(connection, repair.organization(), repair.contacts())?;
    let examined = repair.examine(stored);
    let owners = owners(connection, repair, examined.keys())?;
    Ok(examined.settle(&owners))
}

/// The living contacts that have these keys.
fn owners(
    connection: &mut SqliteConnection,
    repair: &Repair,
    keys: Vec<AliasKey>,
) -> Result<HashMap<AliasKey, ContactId>, Failure> {
    let organization = repair.organization().get();
    let mut owners = HashMap::new();
    for key in keys {
        let owner: Option<i64> = match &key {
            // No other contact takes an id.
            AliasKey::Id(_) => continue,
            AliasKey::ExternalId(external_id) => {
                let found = query::by_external_id(organization, external_id);
                found.select(contact::id).get_result(connection)
            }
            AliasKey::LinkId(link_id) => {
                let link_id = link_id.to_string();
                let found = query::by_link_id(organization, &link_id);
                found.select(contact::id).get_result(connection)
            }
        }
        .optional()?;
        if let Some(owner) = owner {
            owners.insert(key, row::contact_id(owner)?);
        }
    }
    Ok(owners)
}
