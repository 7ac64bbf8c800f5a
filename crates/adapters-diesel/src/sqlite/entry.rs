//! Entries of the directory of intercoms as rows: how they are written, and what is read.

use contacts_domain::ContactId;
use contacts_domain::auditing::StoredEntry;
use contacts_domain::contact::{Contact, IntercomEntry};
use contacts_domain::value::LinkId;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::failure::Failure;
use super::row;
use super::schema::contact_intercom;

/// Writes the entry of a new contact, if it has one.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn insert(connection: &mut SqliteConnection, contact: &Contact) -> Result<(), Failure> {
    if let Some(entry) = contact.intercom_entry() {
        let row = NewEntryRow::of(key(contact), &entry);
        diesel::insert_into(contact_intercom::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Writes the entry of a contact in the place of the one that it had.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn replace(connection: &mut SqliteConnection, contact: &Contact) -> Result<(), Failure> {
    diesel::delete(contact_intercom::table.find(key(contact))).execute(connection)?;
    insert(connection, contact)
}

fn key(contact: &Contact) -> (i32, i64) {
    let record = contact.record();
    (record.organization.get(), record.id.get())
}

/// An entry to be written.
#[derive(Insertable)]
#[diesel(table_name = contact_intercom)]
struct NewEntryRow<'a> {
    organization_id: i32,
    contact_id: i64,
    link_id: String,
    name: &'a str,
    kind: &'a str,
    number: &'a str,
    is_favorite: bool,
    auto_answer: bool,
    in_black_list: bool,
    is_p2p: bool,
    ringtone: &'a str,
}

impl<'a> NewEntryRow<'a> {
    fn of((organization_id, contact_id): (i32, i64), entry: &'a IntercomEntry) -> Self {
        Self {
            organization_id,
            contact_id,
            link_id: entry.link_id.map(|link_id| link_id.to_string()).unwrap_or_default(),
            name: &entry.name,
            kind: &entry.kind,
            number: &entry.number,
            is_favorite: entry.is_favorite,
            auto_answer: entry.auto_answer,
            in_black_list: entry.in_black_list,
            is_p2p: entry.is_p2p,
            ringtone: &entry.ringtone,
        }
    }
}

/// An entry as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = contact_intercom, check_for_backend(Sqlite))]
pub(super) struct EntryRow {
    contact_id: i64,
    link_id: String,
    name: String,
    kind: String,
    number: String,
    is_favorite: bool,
    auto_answer: bool,
    in_black_list: bool,
    is_p2p: bool,
    ringtone: String,
}

impl EntryRow {
    /// The id of the contact.
    pub(super) fn contact_id(&self) -> i64 {
        self.contact_id
    }
}

impl From<EntryRow> for StoredEntry {
    /// The entry as it stands.
    fn from(row: EntryRow) -> Self {
        Self {
            link_id: row.link_id,
            name: row.name,
            kind: row.kind,
            number: row.number,
            is_favorite: row.is_favorite,
            auto_answer: row.auto_answer,
            in_black_list: row.in_black_list,
            is_p2p: row.is_p2p,
            ringtone: row.ringtone,
        }
    }
}

impl TryFrom<EntryRow> for (ContactId, IntercomEntry) {
    type Error = Failure;

    fn try_from(row: EntryRow) -> Result<Self, Failure> {
        let id = row::contact_id(row.contact_id)?;
        let link_id = Some(row.link_id)
            .filter(|text| !text.is_empty())
            .map(|text| LinkId::parse(&text))
            .transpose()
            .map_err(|error| Failure::corrupt(format!("entry of contact {id}: {error}")))?;
        let entry = IntercomEntry {
            link_id,
            name: row.name,
            kind: row.kind,
            number: row.number,
            is_favorite: row.is_favorite,
            auto_answer: row.auto_answer,
            in_black_list: row.in_black_list,
            is_p2p: row.is_p2p,
            ringtone: row.ringtone,
        };
        Ok((id, entry))
    }
}
