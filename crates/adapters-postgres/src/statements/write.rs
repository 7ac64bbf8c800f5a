//! What a decision wants written: one statement for each step, however many contacts it is about.
//!
//! None of the statements joins the contacts with what comes in. An update is an `INSERT` of which
//! every row is there already (`ON CONFLICT … DO UPDATE`): it finds the rows through the primary
//! key whatever the planner thinks of the table, where an `UPDATE … FROM unnest` that was prepared
//! while the table was small goes on to read all of it.

mod aliases;
mod changes;
mod columns;
mod entries;
mod portions;
pub(crate) mod relations;

use std::collections::HashSet;

use contacts_domain::decision::{AliasKey, Writes};
use contacts_domain::{Change, OrganizationId};
use tokio_postgres::types::Type;

use self::changes::Changes;
use self::columns::Columns;
use self::portions::portions;
use super::attempt_error::AttemptError;
use super::{locks, lookup};
use crate::connect::{Failure, Parameter, Retry, Session};

/// Inserts contacts, but for those of which somebody has a key already; the ids of those that were
/// inserted.
const INSERT: &str = include_str!("write/insert.sql");

/// Updates contacts, but for those that are no longer in the version that was found ($21).
///
/// Columns that stay as they are cost nothing, not even those that are indexed: PostgreSQL compares
/// the values.
const UPDATE: &str = include_str!("write/update.sql");

/// Takes the keys from contacts.
const CLEAR_KEYS: &str = "
    INSERT INTO contact
    SELECT stored.*
      FROM unnest($2::bigint[]) AS giving (id)
     CROSS JOIN LATERAL (
           SELECT * FROM contact WHERE organization_id = $1 AND id = giving.id
           OFFSET 0) AS stored
        ON CONFLICT (organization_id, id) DO UPDATE SET external_id = NULL, link_id = NULL";

/// Lets PostgreSQL plan a statement for the tables as they are now, each time that it is run. The
/// statements that follow are rare, and another index than the one meant for them serves as well
/// while a table is small.
pub(crate) const PLAN_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan";

/// Writes what a decision says.
///
/// Partial unique indexes cannot be deferred, so keys that change hands are first given up, then
/// come the updates, then the inserts.
///
/// # Errors
///
/// When others have changed a contact or taken a key since it was looked up, or the database fails.
pub(crate) async fn write(
    session: &Session,
    organization: OrganizationId,
    writes: &Writes,
) -> Result<(), AttemptError> {
    let changes = Changes::of(writes);
    clear_keys(session, organization, &changes).await?;
    update(session, organization, &changes).await?;
    insert(session, organization, &changes.inserts).await?;
    changes.entries.put(session, organization).await?;
    let moves =
        !changes.relinked.is_empty() || changes.entries.any_deleted() || !writes.aliases.is_empty();
    if moves {
        session.batch(PLAN_ANEW).await?;
    }
    relations::delete(session, organization, &changes.relinked).await?;
    relations::insert(session, organization, &changes.related()).await?;
    changes.entries.delete(session, organization).await?;
    aliases::write(session, organization, &writes.aliases).await?;
    Ok(())
}

async fn clear_keys(
    session: &Session,
    organization: OrganizationId,
    changes: &Changes<'_>,
) -> Result<(), Failure> {
    if changes.giving_way.is_empty() {
        return Ok(());
    }
    // These rows come before others of lower ids: without locks on all of them, two transactions
    // could wait for each other.
    let all: Vec<i64> =
        changes.updates.iter().map(|(change, _)| change.record().id.get()).collect();
    locks::lock_rows(session, organization, &all, &[], &[]).await?;
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&changes.giving_way, Type::INT8_ARRAY)];
    session.execute(CLEAR_KEYS, &parameters).await?;
    Ok(())
}

async fn update(
    session: &Session,
    organization: OrganizationId,
    changes: &Changes<'_>,
) -> Result<(), AttemptError> {
    for portion in portions(&changes.updates, |(change, _)| change.record()) {
        let columns = Columns::of(organization, portion.iter().map(|(change, _)| change.record()));
        let versions: Vec<i64> = portion.iter().map(|(_, before)| before.get()).collect();
        let mut parameters = columns.parameters();
        parameters.push((&versions, Type::INT8_ARRAY));
        match session.execute(UPDATE, &parameters).await {
            Ok(updated) if usize::try_from(updated) == Ok(portion.len()) => {}
            Ok(_) => {
                let message = "others changed the same contacts at the same time";
                return Err(AttemptError::Overtaken(Failure::contention(message)));
            }
            Err(failure) if takes_key(&failure) => {
                let keys = changes.keys_taken_by_updates().collect();
                return Err(AttemptError::Raced { failure, keys, certain: false });
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

async fn insert(
    session: &Session,
    organization: OrganizationId,
    inserts: &[&Change],
) -> Result<(), AttemptError> {
    let mut left_out = Vec::new();
    for portion in portions(inserts, |change| change.record()) {
        let columns = Columns::of(organization, portion.iter().map(|change| change.record()));
        let rows = session.query(INSERT, &columns.parameters()).await?;
        if rows.len() < portion.len() {
            let inserted = rows.iter().map(|row| row.try_get(0));
            let inserted: HashSet<i64> =
                inserted.collect::<Result<_, _>>().map_err(Failure::from)?;
            let is_left_out = |change: &&Change| !inserted.contains(&change.record().id.get());
            left_out.extend(portion.iter().copied().filter(is_left_out));
        }
    }
    if left_out.is_empty() {
        return Ok(());
    }
    ids_are_free(session, organization, &left_out).await?;
    let keys: Vec<AliasKey> =
        left_out.iter().flat_map(|change| change.keys().taken.clone()).collect();
    let failure = Failure::contention("others took the same keys at the same time");
    Err(AttemptError::Raced { failure, keys, certain: true })
}

/// Makes sure that contacts were left out because of their keys, not because of their ids.
async fn ids_are_free(
    session: &Session,
    organization: OrganizationId,
    changes: &[&Change],
) -> Result<(), Failure> {
    let ids: Vec<i64> = changes.iter().map(|change| change.record().id.get()).collect();
    let found = lookup::identified(session, organization, &ids, &[], &[]).await?;
    match found.contacts.first() {
        None => Ok(()),
        Some(contact) => Err(Failure::corrupt(format_args!(
            "contact {} is there already: the counter of ids was set back",
            contact.id
        ))),
    }
}

/// Whether somebody else has an identity key.
pub(crate) fn takes_key(failure: &Failure) -> bool {
    const INDEXES: [&str; 2] = ["contact_external_id", "contact_link_id"];
    match failure.retry() {
        Some(Retry::KeyTaken(index)) => INDEXES.contains(&index.as_str()),
        Some(Retry::Conflict) | None => false,
    }
}
