//! Writes what a decision changed.

pub(crate) mod purge;

use contacts_application::ports::StoreError;
use contacts_domain::contact::Record;
use contacts_domain::decision::{Alias, AliasWrite, DigestNote, RequestKey, Writes};
use contacts_domain::{Change, ContactId, OrganizationId, Version};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable};
use diesel::sqlite::Sqlite;

use self::purge::purge;
use super::columns::{Columns, Insert};
use super::query::OWN;
use super::row::{ContactValues, touches_an_index};
use super::{answer, entry, ledger};
use crate::connect::Failure;
use crate::schema::{contact, contact_alias, contact_relation};

/// Writes contacts and aliases. Fails if a contact is no longer in the version decided on.
///
/// A key may move from one contact to another in one transaction, and the unique indexes hold after
/// each statement. So keys are given up first, then contacts are updated, then inserted.
pub(crate) fn write(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    writes: &Writes,
) -> Result<(), Failure> {
    for change in writes.changes.iter().filter(|change| !change.keys().given_up.is_empty()) {
        give_up_keys(connection, change.record().id)?;
    }
    for change in &writes.changes {
        if let Some(before) = change.before() {
            update(connection, change, before)?;
        }
    }
    for change in writes.changes.iter().filter(|change| change.before().is_none()) {
        Insert(ContactValues::from(change)).execute(connection)?;
    }
    for change in writes.changes.iter().filter(|change| change.parts().relations) {
        if change.before().is_some() {
            delete_relations(connection, change.record())?;
        }
        insert_relations(connection, change)?;
    }
    for change in writes.changes.iter().filter(|change| change.parts().entry) {
        if change.before().is_some() {
            entry::delete(connection, change.record())?;
        }
        entry::insert(connection, change)?;
    }
    for alias in &writes.aliases {
        write_alias(connection, organization, alias)?;
    }
    ledger::record(connection, writes)?;
    for (key, kept) in &writes.answers {
        answer::insert(connection, organization, *key, kept)?;
    }
    if let Some(run) = writes.runs.first() {
        let kept: Vec<RequestKey> = writes.answers.iter().map(|(key, _)| *key).collect();
        purge(connection, organization, &writes.purged, run.at, &kept)?;
    }
    write_digests(connection, &writes.digests)
}

/// Writes digests of contacts that are still in their versions.
pub(crate) fn write_digests(
    connection: &mut SqliteConnection,
    digests: &[DigestNote],
) -> Result<(), Failure> {
    for DigestNote { contact: id, digest } in digests {
        let (id, version) = (id.get(), digest.version().get());
        diesel::update(
            contact::table.filter(contact::id.eq(id)).filter(contact::version.eq(version)),
        )
        .set(contact::digest.eq(digest.as_bytes()))
        .execute(connection)?;
    }
    Ok(())
}

fn give_up_keys(connection: &mut SqliteConnection, id: ContactId) -> Result<(), Failure> {
    diesel::update(contact::table.find(id.get()))
        .set((contact::external_id.eq(None::<&str>), contact::link_id.eq(None::<&str>)))
        .execute(connection)?;
    Ok(())
}

fn update(
    connection: &mut SqliteConnection,
    change: &Change,
    before: Version,
) -> Result<(), Failure> {
    let (values, before) = (change.into(), before.get());
    let updated = if touches_an_index(change) {
        Update::<true> { values, before }.execute(connection)?
    } else {
        Update::<false> { values, before }.execute(connection)?
    };
    match updated {
        1 => Ok(()),
        _ => {
            let id = change.record().id;
            Err(StoreError::internal(format!("contact {id} is not in version {before}")).into())
        }
    }
}

fn insert_relations(connection: &mut SqliteConnection, change: &Change) -> Result<(), Failure> {
    let record = change.record();
    for to in change.relations() {
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

fn delete_relations(connection: &mut SqliteConnection, record: &Record) -> Result<(), Failure> {
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
            let (kind, value) = (key.kind(), key.value());
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
            let (kind, value) = (key.kind(), key.value());
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

/// An update of one contact that sets the indexed columns too, or leaves them alone.
struct Update<'a, const INDEXED: bool> {
    values: ContactValues<'a>,
    before: i64,
}

impl<const INDEXED: bool> QueryId for Update<'_, INDEXED> {
    type QueryId = Update<'static, INDEXED>;
}

impl<const INDEXED: bool> QueryFragment<Sqlite> for Update<'_, INDEXED> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE contact SET ");
        self.values.changed(INDEXED, &mut Columns::assigned(out.reborrow()))?;
        // A change that belongs to no run leaves the column alone.
        out.push_sql(", run_id = coalesce(");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.values.run_id)?;
        out.push_sql(", run_id)");
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.values.id)?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<BigInt, _>(&self.before)
    }
}

impl<const INDEXED: bool> RunQueryDsl<SqliteConnection> for Update<'_, INDEXED> {}
