//! Purges contacts: removes all that is stored of them but their ids.

use contacts_domain::decision::RequestKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};

use crate::connect::Failure;
use crate::schema::{
    contact, contact_alias, contact_intercom, contact_relation, ledger, purged_contact,
};
use crate::statements::answer::{self, plan};
use crate::statements::row::contact_id;
use crate::statements::{query, search};

/// The condition of the index is repeated.
const DELETED_BEFORE: &str = "
    SELECT id FROM contact
     WHERE organization_id = ?1 AND deleted_at > 0 AND deleted_at < ?2
     ORDER BY deleted_at LIMIT ?3";

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Purges contacts at that time. The answers of these keys stay. What is deleted is overwritten, and the
/// file notes that there may be more.
pub(crate) fn purge(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contacts: &[ContactId],
    at: Timestamp,
    kept: &[RequestKey],
) -> Result<(), Failure> {
    if contacts.is_empty() {
        return Ok(());
    }
    note_traces(connection, true)?;
    overwriting(connection, |connection| erase(connection, organization, contacts, at, kept))
}

/// Erases what is stored of contacts.
fn erase(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contacts: &[ContactId],
    at: Timestamp,
    kept: &[RequestKey],
) -> Result<(), Failure> {
    let here = organization.get();
    for id in contacts.iter().map(|id| id.get()) {
        erase_changes(connection, here, id, at)?;
        diesel::delete(contact_relation::table)
            .filter(contact_relation::organization_id.eq(here))
            .filter(contact_relation::from_id.eq(id))
            .execute(connection)?;
        diesel::delete(contact_intercom::table.find((here, id))).execute(connection)?;
        diesel::delete(contact_alias::table)
            .filter(contact_alias::organization_id.eq(here))
            .filter(contact_alias::contact_id.eq(id))
            .execute(connection)?;
        diesel::delete(query::by_id_in_any_state(here, id)).execute(connection)?;
    }
    search::erase(connection, contacts)?;
    plan::erase(connection, organization, contacts)?;
    answer::erase(connection, organization, contacts, kept)
}

/// Does work that overwrites what it deletes with zeros. Usual writes do not pay for that.
pub(crate) fn overwriting<T>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.batch_execute("PRAGMA secure_delete = ON")?;
    let done = work(connection);
    connection.batch_execute("PRAGMA secure_delete = OFF")?;
    done
}

/// Notes in the file whether it may have traces of purged contacts.
pub(crate) fn note_traces(connection: &mut SqliteConnection, may_be: bool) -> Result<(), Failure> {
    connection.batch_execute(&format!("PRAGMA user_version = {}", i32::from(may_be)))?;
    Ok(())
}

/// Whether the file may have traces of purged contacts.
pub(crate) fn has_traces(connection: &mut SqliteConnection) -> Result<bool, Failure> {
    let noted = sql::<BigInt>("PRAGMA user_version").get_result::<i64>(connection)?;
    Ok(noted != 0)
}

/// Erases the differences of a contact, and remembers its last run while the ledger has it.
fn erase_changes(
    connection: &mut SqliteConnection,
    organization: i32,
    id: i64,
    at: Timestamp,
) -> Result<(), Failure> {
    let last: Option<Option<i64>> = query::by_id_in_any_state(organization, id)
        .select(contact::run_id)
        .get_result(connection)
        .optional()?;
    let (mut next, mut is_last) = (last.flatten(), true);
    while let Some(run) = next {
        let entry = ledger::table.find((organization, run, id));
        let previous: Option<Option<i64>> =
            entry.select(ledger::previous_run_id).get_result(connection).optional()?;
        // What is before was pruned.
        let Some(previous) = previous else { break };
        diesel::update(entry).set(ledger::reverse.eq(None::<&str>)).execute(connection)?;
        if is_last {
            diesel::insert_into(purged_contact::table)
                .values((
                    purged_contact::organization_id.eq(organization),
                    purged_contact::contact_id.eq(id),
                    purged_contact::run_id.eq(run),
                    purged_contact::purged_at.eq(at.micros()),
                ))
                .execute(connection)?;
        }
        (next, is_last) = (previous, false);
    }
    Ok(())
}

/// The contacts that were deleted before that time, the earliest first, at most so many.
pub(crate) fn deleted_before(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    before: Timestamp,
    at_most: u32,
) -> Result<Vec<ContactId>, Failure> {
    let rows: Vec<IdRow> = sql_query(DELETED_BEFORE)
        .bind::<Integer, _>(organization.get())
        .bind::<BigInt, _>(before.micros())
        .bind::<BigInt, _>(i64::from(at_most))
        .load(connection)?;
    rows.into_iter().map(|row| contact_id(row.id)).collect()
}

/// Whether one of these contacts was purged since then.
pub(crate) fn any_purged(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contacts: &[ContactId],
    since: Timestamp,
) -> Result<bool, Failure> {
    for id in contacts {
        let purged_at: Option<i64> = purged_contact::table
            .find((organization.get(), id.get()))
            .select(purged_contact::purged_at)
            .get_result(connection)
            .optional()?;
        if purged_at.is_some_and(|at| at >= since.micros()) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn long_deleted_contacts_come_from_their_index() {
        assert_eq!(
            testing::plan(&sql_query(DELETED_BEFORE)),
            "SEARCH contact USING COVERING INDEX contact_deleted_at (organization_id=? AND deleted_at>? AND deleted_at<?)"
        );
    }
}
