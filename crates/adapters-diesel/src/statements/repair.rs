//! Repairs rows that do not follow from their documents.

use std::collections::HashMap;

use contacts_domain::ContactId;
use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::decision::AliasKey;
use diesel::prelude::*;

use super::{query, row, stored, write};
use crate::connect::Failure;
use crate::schema::contact;

/// Reads the contacts of a repair, examines them, and writes what differs. Leaves documents,
/// versions and times alone.
pub(crate) fn repair(
    connection: &mut SqliteConnection,
    repair: &Repair,
) -> Result<Vec<Discrepancy>, Failure> {
    let stored = stored::named(connection, repair.organization(), repair.contacts())?;
    let examined = repair.examine(stored);
    let owners = owners(connection, repair, examined.keys())?;
    let (writes, discrepancies) = examined.settle(&owners);
    write::write(connection, repair.organization(), &writes)?;
    Ok(discrepancies)
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
