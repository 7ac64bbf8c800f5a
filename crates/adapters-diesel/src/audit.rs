//! The port of the audit: what is stored, as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{Audit, StoreError};
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact, StoredEntry};
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;

use super::SqliteStore;
use super::entry::EntryRow;
use super::failure::Failure;
use super::row::ContactRow;
use super::schema::{contact, contact_relation, id_counter};
use super::{mend, query};

#[async_trait]
impl Audit for SqliteStore {
    async fn contact_count(&self) -> Result<u64, StoreError> {
        self.readers
            .read(|connection| {
                let count: i64 = contact::table.count().get_result(connection)?;
                u64::try_from(count).map_err(Failure::internal)
            })
            .await
    }

    /// The order is that of the ids, which belong to one contact in all organizations.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError> {
        self.readers.read(move |connection| page(connection, after, at_most)).await
    }

    async fn next_id(&self) -> Result<i64, StoreError> {
        self.readers
            .read(|connection| {
                Ok(id_counter::table.select(id_counter::next_id).get_result(connection)?)
            })
            .await
    }

    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError> {
        self.writer.write(move |session| mend::mend(session.connection, &repair)).await
    }
}

fn page(
    connection: &mut SqliteConnection,
    after: Option<ContactKey>,
    at_most: u32,
) -> Result<Vec<StoredContact>, Failure> {
    // One transaction: the rows beside a contact are those of the same moment.
    connection.transaction(|connection| {
        let rows: Vec<ContactRow> = query::all_after(after.map_or(i64::MIN, |place| place.id))
            .limit(at_most.into())
            .select(ContactRow::as_select())
            .load(connection)?;
        with_what_is_beside(connection, rows)
    })
}

/// These contacts of an organization, as they stand.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn stored(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    ids: &[ContactId],
) -> Result<Vec<StoredContact>, Failure> {
    let mut contacts = Vec::new();
    for id in ids {
        let row: Option<ContactRow> = query::whatever_has_id(organization.get(), id.get())
            .select(ContactRow::as_select())
            .get_result(connection)
            .optional()?;
        contacts.extend(with_what_is_beside(connection, row.into_iter().collect())?);
    }
    Ok(contacts)
}

/// The contacts with their relations and entries, where the rows are all there are from the first
/// id to the last.
fn with_what_is_beside(
    connection: &mut SqliteConnection,
    rows: Vec<ContactRow>,
) -> Result<Vec<StoredContact>, Failure> {
    let mut contacts: Vec<StoredContact> = rows.into_iter().map(StoredContact::from).collect();
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
    use crate::ids::Ids;
    use crate::options::SqliteOptions;
    use crate::testing::{context, endpoints, file};
    use crate::transaction::Session;

    fn write(connection: &mut SqliteConnection, name: &str) {
        let ids = &mut Ids::new();
        let mut session = Session::begin(connection, ids).unwrap();
        session.run(&endpoints(&[("A", name)])).unwrap();
        session.commit().unwrap();
    }

    #[test]
    fn a_contact_and_what_stands_beside_it_are_of_one_moment() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut writer = database.writer().unwrap();
        write(&mut writer, "Door");
        let mut reader = database.reader().unwrap();

        // Between the statements somebody writes.
        let between = Mutex::new(Some(writer));
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { query, .. } = event
                && query.to_string().contains("`document`")
                && let Some(mut writer) = between.lock().unwrap().take()
            {
                write(&mut writer, "Gate");
            }
        });

        for version in [1, 2] {
            let contact = page(&mut reader, None, 10).unwrap().remove(0);
            assert_eq!(contact.version.get(), version);
            assert_eq!(contact.audit(Some(context().region)).findings, []);
        }
    }
}
