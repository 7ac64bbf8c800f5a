//! Reads contacts as they are stored, with their relations and entries.

use std::collections::{BTreeMap, BTreeSet};

use contacts_domain::auditing::{ContactKey, StoredContact, StoredEntry};
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;

use super::entry::EntryRow;
use super::query;
use super::row::{ContactRow, email_hash};
use crate::connect::Failure;
use crate::schema::{contact, contact_relation};

/// A contact and the hash of its e-mail address.
type HashedRow = (ContactRow, Option<i64>);

/// The contact. Its e-mail address is another one if no look-up finds it.
fn stored((row, hash): HashedRow) -> StoredContact {
    let mut stored = StoredContact::from(row);
    if let Some(email) = &mut stored.columns.email
        && hash != Some(email_hash(email))
    {
        email.push_str(", which no look-up finds");
    }
    stored
}

/// At most that many contacts after a key, by id.
pub(crate) fn page(
    connection: &mut SqliteConnection,
    after: Option<ContactKey>,
    at_most: u32,
) -> Result<Vec<StoredContact>, Failure> {
    // One transaction: relations and entries are those of the same moment.
    connection.transaction(|connection| {
        let rows: Vec<HashedRow> = query::all_after(after.map_or(i64::MIN, |place| place.id))
            .limit(at_most.into())
            .select((ContactRow::as_select(), contact::email_hash))
            .load(connection)?;
        with_relations_and_entries(connection, rows)
    })
}

/// The named contacts of an organization, living or deleted.
pub(crate) fn named(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    ids: &[ContactId],
) -> Result<Vec<StoredContact>, Failure> {
    let mut contacts = Vec::new();
    for id in ids {
        let row: Option<HashedRow> = query::by_id_in_any_state(organization.get(), id.get())
            .select((ContactRow::as_select(), contact::email_hash))
            .get_result(connection)
            .optional()?;
        contacts.extend(with_relations_and_entries(connection, row.into_iter().collect())?);
    }
    Ok(contacts)
}

/// Adds relations and entries to contacts. The rows must be all contacts in their range of ids.
fn with_relations_and_entries(
    connection: &mut SqliteConnection,
    rows: Vec<HashedRow>,
) -> Result<Vec<StoredContact>, Failure> {
    let mut contacts: Vec<StoredContact> = rows.into_iter().map(stored).collect();
    let (Some(first), Some(last)) = (contacts.first(), contacts.last()) else {
        return Ok(contacts);
    };
    let (first, last) = (first.key.id, last.key.id);
    let organizations: BTreeSet<i32> =
        contacts.iter().map(|contact| contact.key.organization).collect();

    let mut relations: BTreeMap<ContactKey, Vec<i64>> = BTreeMap::new();
    let mut entries: BTreeMap<ContactKey, StoredEntry> = BTreeMap::new();
    for organization in organizations {
        let found: Vec<(i64, i64)> = query::relations_from(organization, first, last)
            .select((contact_relation::from_id, contact_relation::to_id))
            .load(connection)?;
        for (id, to) in found {
            relations.entry(ContactKey { organization, id }).or_default().push(to);
        }
        let found: Vec<EntryRow> = query::entries_of(organization, first, last)
            .select(EntryRow::as_select())
            .load(connection)?;
        for row in found {
            entries.insert(ContactKey { organization, id: row.contact_id() }, row.into());
        }
    }
    for contact in &mut contacts {
        contact.relations = relations.remove(&contact.key).unwrap_or_default();
        contact.entry = entries.remove(&contact.key);
    }
    Ok(contacts)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use diesel::connection::InstrumentationEvent;

    use super::*;
    use crate::connect::SqliteOptions;
    use crate::store::write_batch;
    use crate::testing::{context, endpoints, file};

    #[test]
    fn contact_and_entry_are_of_one_moment() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut writer = database.writer().unwrap();
        write_batch(&mut writer, &endpoints(&[("A", "Door")]));
        let mut reader = database.reader().unwrap();

        // Another connection writes between the statements.
        let between = Mutex::new(Some(writer));
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { query, .. } = event
                && query.to_string().contains("`document`")
                && let Some(mut writer) = between.lock().unwrap().take()
            {
                write_batch(&mut writer, &endpoints(&[("A", "Gate")]));
            }
        });

        for version in [1, 2] {
            let contact = page(&mut reader, None, 10).unwrap().remove(0);
            assert_eq!(contact.version.get(), version);
            assert_eq!(contact.audit(Some(context().settings)).findings, []);
        }
    }
}
