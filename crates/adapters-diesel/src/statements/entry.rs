//! Rows of the directory of intercoms.

use contacts_application::ports::StoreError;
use contacts_domain::auditing::StoredEntry;
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::value::LinkId;
use contacts_domain::{Change, ContactId, EntryColumn, entry_columns};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::row;
use crate::connect::Failure;
use crate::schema::contact_intercom;

/// Inserts the entry of a contact, if it has one.
pub(crate) fn insert(connection: &mut SqliteConnection, change: &Change) -> Result<(), Failure> {
    if let Some(entry) = change.intercom_entry() {
        let row = EntryRow::new(key(change.record()), entry.clone());
        diesel::insert_into(contact_intercom::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Deletes the entry of a contact, if it has one.
pub(crate) fn delete(connection: &mut SqliteConnection, record: &Record) -> Result<(), Failure> {
    diesel::delete(contact_intercom::table.find(key(record))).execute(connection)?;
    Ok(())
}

fn key(record: &Record) -> (i32, i64) {
    (record.organization.get(), record.id.get())
}

/// How a column is bound: text is moved, not copied.
trait IntoStored: EntryColumn {
    fn into_stored(self) -> Self::Stored;
}

impl IntoStored for Option<LinkId> {
    fn into_stored(self) -> String {
        self.stored()
    }
}

impl IntoStored for String {
    fn into_stored(self) -> String {
        self
    }
}

impl IntoStored for bool {
    fn into_stored(self) -> bool {
        self
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// An entry, written and read.
        #[derive(Insertable, Queryable, Selectable)]
        #[diesel(table_name = contact_intercom, check_for_backend(Sqlite))]
        pub(crate) struct EntryRow {
            organization_id: i32,
            contact_id: i64,
            $($name: <$type as EntryColumn>::Stored,)+
        }

        impl EntryRow {
            fn new((organization_id, contact_id): (i32, i64), entry: IntercomEntry) -> Self {
                Self { organization_id, contact_id, $($name: entry.$name.into_stored(),)+ }
            }
        }

        impl From<EntryRow> for StoredEntry {
            fn from(row: EntryRow) -> Self {
                Self { $($name: row.$name,)+ }
            }
        }
    };
}

entry_columns!(rows);

impl EntryRow {
    pub(crate) fn contact_id(&self) -> i64 {
        self.contact_id
    }
}

impl TryFrom<EntryRow> for (ContactId, IntercomEntry) {
    type Error = Failure;

    fn try_from(row: EntryRow) -> Result<Self, Failure> {
        let id = row::contact_id(row.contact_id)?;
        let entry = StoredEntry::from(row).read().map_err(|column| {
            StoreError::corrupt(format!("entry of contact {id}: {column} holds no valid value"))
        })?;
        Ok((id, entry))
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::upsert::Item;
    use diesel_migrations::MigrationHarness;

    use super::*;
    use crate::startup::{MIGRATIONS, fill_sort_keys};
    use crate::store::write_batch;
    use crate::testing::{batch, context, memory};

    fn entries(connection: &mut SqliteConnection) -> Vec<(ContactId, IntercomEntry)> {
        let rows: Vec<EntryRow> = contact_intercom::table
            .order((contact_intercom::organization_id, contact_intercom::contact_id))
            .select(EntryRow::as_select())
            .load(connection)
            .unwrap();
        rows.into_iter().map(|row| row.try_into().unwrap()).collect()
    }

    #[test]
    fn migration_makes_the_entries_that_writes_make() {
        let connection = &mut memory();
        let read = |json: &str| Item::read(json, &context());
        write_batch(
            connection,
            &batch(vec![
                read(
                    r#"{"contactType": "ENDPOINT", "linkId": "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
                        "intercom": {"name": "Tür \"Nord\" \\ 🚪 1", "type": "multi",
                            "number": "0001-01-01", "isFavorite": true, "autoAnswer": true,
                            "inBlackList": false, "isP2p": true, "ringtone": "bell.wav"}}"#,
                ),
                read(
                    r#"{"contactType": "PERSON", "lastName": "Rochat", "externalId": "A",
                        "intercom": {"name": "1", "type": "p2p", "number": "sip:1@a.example",
                            "inBlackList": true, "ringtone": null}}"#,
                ),
                read(
                    r#"{"contactType": "PERSON", "lastName": "Rochat", "intercom": {},
                        "linkId": "91c615e3-1040-4815-8ecb-039a18b756b1"}"#,
                ),
                read(
                    r#"{"contactType": "ENDPOINT", "externalId": "gone",
                        "intercom": {"name": "Door", "type": "multi", "number": "0001-01-01"}}"#,
                ),
            ]),
        );
        let deletion = vec![read(r#"{"externalId": "gone"}"#).to_delete()];
        write_batch(connection, &batch(deletion));
        let written = entries(connection);
        assert_eq!(written.len(), 2);

        // Revert until the table is gone, then migrate again.
        let exists = |connection: &mut SqliteConnection| {
            contact_intercom::table.count().get_result::<i64>(connection).is_ok()
        };
        while exists(connection) {
            connection.revert_last_migration(MIGRATIONS).unwrap();
        }
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        fill_sort_keys(connection).unwrap();

        assert_eq!(entries(connection), written);
    }
}
