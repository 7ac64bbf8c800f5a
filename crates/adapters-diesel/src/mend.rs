//! Mending what does not follow from the documents.

use std::collections::HashMap;

use contacts_domain::ContactId;
use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::decision::AliasKey;
use diesel::prelude::*;

use super::failure::Failure;
use super::row;
use super::schema::contact;
use super::{audit, query, write};

/// Reads the contacts of the repair, has them examined, and writes what that comes to. Documents,
/// versions and times are not written.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn mend(
    connection: &mut SqliteConnection,
    repair: &Repair,
) -> Result<Vec<Discrepancy>, Failure> {
    let stored = audit::stored(connection, repair.organization(), repair.contacts())?;
    let examined = repair.examine(stored);
    let owners = owners(connection, repair, examined.keys())?;
    let (writes, discrepancies) = examined.settle(&owners);
    write::write(connection, repair.organization(), &writes)?;
    Ok(discrepancies)
}

/// Which living contacts have these keys.
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
