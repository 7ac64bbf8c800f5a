//! Writes the changes of a decision: one statement for each step, for any number of contacts.
//!
//! No statement joins the contacts with its parameters. An update is an `INSERT` whose rows all exist
//! (`ON CONFLICT … DO UPDATE`), so it finds them through the primary key, whatever the statistics of
//! the table say. An `UPDATE … FROM unnest` that was prepared on a small table would go on to read
//! all of it (docs/adr/0009).

mod aliases;
mod changes;
pub(crate) mod digests;
mod entries;
mod ledger;
mod portions;
pub(crate) mod purge;
pub(crate) mod relations;

use std::collections::HashSet;
use std::sync::LazyLock;

use contacts_domain::decision::{AliasKey, RequestKey, Writes};
use contacts_domain::{Change, OrganizationId};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use self::changes::Changes;
use self::portions::portions;
use self::purge::purge;
use super::attempt_error::AttemptError;
use super::columns::{ContactColumns, insert_one_into, overwrite};
use super::{answers, locks, lookup};
use crate::connect::{Failure, Parameter, Retry, Session};

/// Inserts contacts, except those with a key that is taken. Returns the inserted ids.
static INSERT: LazyLock<String> =
    LazyLock::new(|| inserting(&ContactColumns::insert_into("contact")));
static INSERT_ONE: LazyLock<String> =
    LazyLock::new(|| inserting(&insert_one_into("contact", ContactColumns::NAMES)));

/// Updates contacts, except those that no longer have the version before the change (the last
/// parameter). Unchanged columns cost nothing, even if they are indexed: PostgreSQL compares the
/// values.
static UPDATE: LazyLock<String> = LazyLock::new(|| {
    updating(&ContactColumns::insert_into(STORED), |versions| {
        format!(
            "(stored.id, stored.version) IN (SELECT * FROM unnest($2::bigint[], ${versions}::bigint[]))"
        )
    })
});
static UPDATE_ONE: LazyLock<String> = LazyLock::new(|| {
    let insert = insert_one_into(STORED, ContactColumns::NAMES);
    updating(&insert, |versions| format!("stored.version = ${versions}[1]"))
});

/// The table of an update, under the name of its rows.
const STORED: &str = "contact AS stored";

fn inserting(insert: &str) -> String {
    format!("{insert} ON CONFLICT DO NOTHING RETURNING id")
}

fn updating(insert: &str, is_current: fn(usize) -> String) -> String {
    format!(
        "{insert} ON CONFLICT (organization_id, id) DO UPDATE
            SET {}, run_id = coalesce(excluded.run_id, stored.run_id) WHERE {}",
        overwrite(ContactColumns::NAMES, &["id", "created_at", "run_id"]),
        is_current(ContactColumns::NAMES.len() + 2)
    )
}

/// Takes the identity keys from contacts.
const CLEAR_KEYS: &str = "
    INSERT INTO contact
    SELECT stored.*
      FROM unnest($2::bigint[]) AS giving (id)
     CROSS JOIN LATERAL (
           SELECT * FROM contact WHERE organization_id = $1 AND id = giving.id
           OFFSET 0) AS stored
        ON CONFLICT (organization_id, id) DO UPDATE SET external_id = NULL, link_id = NULL";

/// Makes PostgreSQL plan each later statement of the transaction for the current tables. These
/// statements are rare, and while a table is small, any index serves.
pub(crate) const PLAN_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan";

/// Writes the changes of a decision. Partial unique indexes cannot be deferred, so keys that move to
/// another contact are cleared first, then come the updates, then the inserts.
pub(crate) async fn write(
    session: &Session,
    organization: OrganizationId,
    writes: &Writes,
) -> Result<(), AttemptError> {
    session.count_sent(writes.changes.iter().map(|change| change.record().document.len()).sum());
    // First: who waits for another request with the same key has written nothing yet.
    answers::insert_all(session, organization, &writes.answers).await?;
    // The ledger depends on no answer to the other statements, so it costs no round trip. The first
    // statement that fails aborts the transaction, and the others fail for that.
    let (contacts, ledger) = tokio::join!(
        biased;
        write_contacts(session, organization, writes),
        ledger::record(session, organization, writes),
    );
    match (contacts, ledger) {
        // The ledger failed first: the other statements only find the transaction aborted.
        (Err(AttemptError::Final(aborted)), Err(cause))
            if aborted.state() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) =>
        {
            return Err(cause);
        }
        (Err(failure), _) | (Ok(()), Err(failure)) => return Err(failure),
        (Ok(()), Ok(())) => {}
    }
    if let Some(run) = writes.runs.first() {
        let kept: Vec<RequestKey> = writes.answers.iter().map(|(key, _)| *key).collect();
        purge(session, organization, &writes.purged, run.at, &kept).await?;
    }
    Ok(())
}

async fn write_contacts(
    session: &Session,
    organization: OrganizationId,
    writes: &Writes,
) -> Result<(), AttemptError> {
    let changes = Changes::of(writes);
    clear_keys(session, organization, &changes).await?;
    update(session, organization, &changes).await?;
    insert(session, organization, &changes.inserts).await?;
    changes.entries.put(session, organization).await?;
    let moves = !changes.relinked.is_empty()
        || changes.entries.any_deleted()
        || !writes.aliases.is_empty()
        || !writes.digests.is_empty();
    if moves {
        session.batch(PLAN_ANEW).await?;
    }
    relations::delete(session, organization, &changes.relinked).await?;
    relations::insert(session, organization, &changes.related()).await?;
    changes.entries.delete(session, organization).await?;
    aliases::write(session, organization, &writes.aliases).await?;
    digests::write(session, organization, &writes.digests).await?;
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
    // These rows are written out of the order of ids: without locks on all rows, two transactions
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
        let columns = ContactColumns::of(organization, portion.iter().map(|(change, _)| *change));
        let versions: Vec<i64> = portion.iter().map(|(_, before)| before.get()).collect();
        let mut parameters = columns.parameters();
        parameters.push((&versions, Type::INT8_ARRAY));
        let update = if portion.len() == 1 { &UPDATE_ONE } else { &UPDATE };
        match session.execute(update, &parameters).await {
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
        let columns = ContactColumns::of(organization, portion.iter().copied());
        let insert = if portion.len() == 1 { &INSERT_ONE } else { &INSERT };
        let rows = session.query(insert, &columns.parameters()).await?;
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

/// Checks that contacts were left out because of their keys, not because of their ids.
async fn ids_are_free(
    session: &Session,
    organization: OrganizationId,
    changes: &[&Change],
) -> Result<(), Failure> {
    let ids: Vec<i64> = changes.iter().map(|change| change.record().id.get()).collect();
    let found = lookup::identified(session, organization, &ids, &[], &[], usize::MAX).await?;
    match found.contacts.first() {
        None => Ok(()),
        Some(contact) => Err(Failure::corrupt(format_args!(
            "contact {} exists already: the counter of ids was set back",
            contact.id
        ))),
    }
}

/// Whether another contact has taken an identity key. The index of a partition has its number after
/// the name.
fn takes_key(failure: &Failure) -> bool {
    const INDEXES: [&str; 2] = ["contact_external_id", "contact_link_id"];
    match failure.retry() {
        Some(Retry::KeyTaken(index)) => {
            let name = index.trim_end_matches(|end: char| end == '_' || end.is_ascii_digit());
            INDEXES.contains(&name)
        }
        Some(Retry::Conflict) | None => false,
    }
}
