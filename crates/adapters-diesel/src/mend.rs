//! Mending what does not follow from the documents.

use std::collections::HashMap;

use contacts_domain::ContactId;
use contacts_domain::auditing::{Discrepancy, Mend, Repair};
use contacts_domain::contact::Record;
use contacts_domain::decision::AliasKey;
use diesel::prelude::*;

use super::failure::Failure;
use super::row::{self, DerivedRow};
use super::schema::contact;
use super::{audit, entry, query, write};

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
    let (mends, discrepancies) = examined.settle(&owners);
    // As always: keys are given up before they are taken.
    for mend in mends.iter().filter(|mend| mend.gives_up_keys) {
        write::give_up_keys(connection, &mend.contact)?;
    }
    for Mend { contact, columns, relations, entry, .. } in &mends {
        if *columns {
            update(connection, contact.record())?;
        }
        if *relations {
            write::replace_relations(connection, contact)?;
        }
        if *entry {
            entry::replace(connection, contact)?;
        }
    }
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

fn update(connection: &mut SqliteConnection, record: &Record) -> Result<(), Failure> {
    diesel::update(contact::table.find(record.id.get()))
        .set(DerivedRow::from(&record.projection))
        .execute(connection)?;
    Ok(())
}
