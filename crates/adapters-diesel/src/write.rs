//! What a decision wants written.

use std::collections::HashMap;
use std::marker::PhantomData;

use contacts_domain::contact::{Contact, Projection, Record};
use contacts_domain::decision::{Alias, AliasWrite, Write, Writes};
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

use super::entry;
use super::failure::Failure;
use super::query::OWN;
use super::row::{self, ContentRow, KeysRow, NewContactRow};
use super::schema::{contact, contact_alias, contact_relation};

/// The keys of the stored contacts, to tell which of them a write changes.
pub(super) type StoredKeys = HashMap<ContactId, Projection>;

/// Writes what a decision says.
///
/// The unique indexes hold after each statement, so contacts first give up their keys, then are
/// updated, then inserted: a key may move from one contact to another in one transaction.
///
/// # Errors
///
/// When SQLite fails, or a contact to be updated is not there.
pub(super) fn write(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    writes: &Writes,
    stored: &StoredKeys,
) -> Result<(), Failure> {
    for write in &writes.contacts {
        if let Write::Update { contact, gives_up_keys: true, .. } = write {
            give_up_keys(connection, contact)?;
        }
    }
    for write in &writes.contacts {
        if let Write::Update { contact, .. } = write {
            update(connection, contact, stored)?;
        }
    }
    for write in &writes.contacts {
        if let Write::Insert(contact) = write {
            let row = NewContactRow::from(contact.record());
            diesel::insert_into(contact::table).values(row).execute(connection)?;
        }
    }
    for write in &writes.contacts {
        match write {
            Write::Insert(contact) => insert_relations(connection, contact)?,
            Write::Update { contact, moves_relations: true, .. } => {
                replace_relations(connection, contact)?;
            }
            Write::Update { .. } => {}
        }
    }
    for write in &writes.contacts {
        match write {
            Write::Insert(contact) => entry::insert(connection, contact)?,
            Write::Update { contact, moves_entry: true, .. } => {
                entry::replace(connection, contact)?;
            }
            Write::Update { .. } => {}
        }
    }
    for alias in &writes.aliases {
        write_alias(connection, organization, alias)?;
    }
    Ok(())
}

/// Takes its external id and its link id from a contact.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn give_up_keys(
    connection: &mut SqliteConnection,
    contact: &Contact,
) -> Result<(), Failure> {
    diesel::update(contact::table.find(contact.record().id.get()))
        .set((contact::external_id.eq(None::<&str>), contact::link_id.eq(None::<&str>)))
        .execute(connection)?;
    Ok(())
}

fn update(
    connection: &mut SqliteConnection,
    contact: &Contact,
    stored: &StoredKeys,
) -> Result<(), Failure> {
    let record = contact.record();
    let id = record.id.get();
    let updated = if changes_keys(record, stored) {
        let changes = (KeysRow::from(record), ContentRow::from(record)).as_changeset();
        Update::<KeysAndContent, _>::new(id, changes).execute(connection)?
    } else {
        let changes = ContentRow::from(record).as_changeset();
        Update::<ContentOnly, _>::new(id, changes).execute(connection)?
    };
    match updated {
        1 => Ok(()),
        _ => Err(Failure::internal(format!("contact {id} was to be updated and is not there"))),
    }
}

/// Whether an index covers something that changes. SQLite does not look: it rewrites the entry of
/// every index of which a column is set.
fn changes_keys(record: &Record, stored: &StoredKeys) -> bool {
    fn keys(projection: &Projection) -> impl PartialEq {
        let Projection { external_id, link_id, email, phone, mobile, vat_number, .. } = projection;
        (external_id, link_id, email, phone, mobile, vat_number)
    }
    record.deleted_at.is_some()
        || stored.get(&record.id).is_none_or(|stored| keys(stored) != keys(&record.projection))
}

/// Writes the relations of a contact in the place of those that it had.
///
/// # Errors
///
/// When SQLite fails.
pub(super) fn replace_relations(
    connection: &mut SqliteConnection,
    contact: &Contact,
) -> Result<(), Failure> {
    delete_relations(connection, contact)?;
    insert_relations(connection, contact)
}

fn insert_relations(connection: &mut SqliteConnection, contact: &Contact) -> Result<(), Failure> {
    let record = contact.record();
    for to in contact.relations() {
        diesel::insert_into(contact_relation::table)
            .values((
                contact_relation::organization_id.eq(record.organization.get()),
                contact_relation::to_id.eq(to.get()),
                contact_relation::from_id.eq(record.id.get()),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn delete_relations(connection: &mut SqliteConnection, contact: &Contact) -> Result<(), Failure> {
    let record = contact.record();
    diesel::delete(contact_relation::table)
        .filter(contact_relation::organization_id.eq(record.organization.get()))
        .filter(contact_relation::from_id.eq(record.id.get()))
        .execute(connection)?;
    Ok(())
}

fn write_alias(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    write: &AliasWrite,
) -> Result<(), Failure> {
    let organization = organization.get();
    match write {
        AliasWrite::Add(Alias { key, contact }) => {
            let (kind, value) = row::alias(key);
            diesel::replace_into(contact_alias::table)
                .values((
                    contact_alias::organization_id.eq(organization),
                    contact_alias::source.eq(OWN),
                    contact_alias::kind.eq(kind),
                    contact_alias::value.eq(value),
                    contact_alias::contact_id.eq(contact.get()),
                ))
                .execute(connection)?;
        }
        AliasWrite::Remove(key) => {
            let (kind, value) = row::alias(key);
            diesel::delete(contact_alias::table.find((organization, OWN, kind, value)))
                .execute(connection)?;
        }
        AliasWrite::Move { from, to } => {
            diesel::update(contact_alias::table)
                .filter(contact_alias::organization_id.eq(organization))
                .filter(contact_alias::contact_id.eq(from.get()))
                .set(contact_alias::contact_id.eq(to.get()))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// An update of one contact. Diesel prepares its own update statements anew each time, as it does
/// not know that a changeset is always the same; `S` names the one that this is.
struct Update<S, C> {
    id: i64,
    changes: C,
    statement: PhantomData<S>,
}

struct ContentOnly;
struct KeysAndContent;

impl<S, C> Update<S, C> {
    fn new(id: i64, changes: C) -> Self {
        Self { id, changes, statement: PhantomData }
    }
}

impl<S: 'static, C> QueryId for Update<S, C> {
    type QueryId = Update<S, ()>;
}

impl<S, C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Update<S, C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE contact SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.id)
    }
}

impl<S, C> RunQueryDsl<SqliteConnection> for Update<S, C> {}
