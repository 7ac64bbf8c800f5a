//! The ledger: the runs of a transaction and what they do to each contact.

use contacts_domain::decision::Writes;
use contacts_domain::ledger::{LedgerEntry, Run};
use contacts_domain::{Change, OrganizationId, RunId};
use tokio_postgres::types::Type;

use super::portions::portions_of;
use crate::connect::{Failure, Parameter, Session};
use crate::statements::attempt_error::AttemptError;
use crate::statements::ledger as stored;
use crate::statements::values::Instant;

/// Inserts runs at the positions of their transaction: 64 times its number, and on.
///
/// No visible run has a number at or above that of the first transaction which the snapshot does not
/// know. If one has, it comes from another cluster, whose numbers were higher: positions go on after
/// it.
const RUNS: &str = include_str!("ledger/runs.sql");

const ENTRIES: &str = "
    INSERT INTO ledger (organization_id, run_id, contact_id, version, kind, previous_run_id, reverse)
    SELECT $1, entry.*
      FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::text[])
        AS entry";

/// The bytes of an entry without its difference.
const BYTES: usize = 48;

type Entry<'a> = (&'a Change, LedgerEntry<'a>);

/// Records the runs and their changes.
pub(crate) async fn record(
    session: &Session,
    organization: OrganizationId,
    writes: &Writes,
) -> Result<(), AttemptError> {
    if writes.runs.is_empty() {
        return Ok(());
    }
    let entry = |change| Some((change, Change::ledger_entry(change)?));
    let entries: Vec<Entry<'_>> = writes.changes.iter().filter_map(entry).collect();
    let bytes = |(_, entry): &Entry<'_>| BYTES + entry.reverse.map_or(0, str::len);
    insert_runs(session, organization, &writes.runs).await?;
    for portion in portions_of(&entries, bytes) {
        insert_entries(session, organization, portion).await?;
    }
    Ok(())
}

async fn insert_runs(
    session: &Session,
    organization: OrganizationId,
    runs: &[Run],
) -> Result<(), AttemptError> {
    let of = |number: fn(&Run) -> i64| -> Vec<i64> { runs.iter().map(number).collect() };
    let ids = of(|run| run.id.get());
    let apis: Vec<&str> = runs.iter().map(|run| run.origin.api.as_str()).collect();
    let tokens: Vec<&str> = runs.iter().map(|run| run.origin.token.as_str()).collect();
    let sources: Vec<Option<&str>> = runs.iter().map(|run| run.origin.source.as_deref()).collect();
    let times: Vec<Instant> = runs.iter().map(|run| Instant(run.at)).collect();
    let created = of(|run| run.counts.created);
    let updated = of(|run| run.counts.updated);
    let deleted = of(|run| run.counts.deleted);
    let merged = of(|run| run.counts.merged);
    let restored = of(|run| run.counts.restored);
    let undoes: Vec<Option<i64>> = runs.iter().map(|run| run.undoes.map(RunId::get)).collect();
    let parameters: [Parameter<'_>; 12] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&apis, Type::TEXT_ARRAY),
        (&tokens, Type::TEXT_ARRAY),
        (&sources, Type::TEXT_ARRAY),
        (&times, Type::TIMESTAMPTZ_ARRAY),
        (&created, Type::INT8_ARRAY),
        (&updated, Type::INT8_ARRAY),
        (&deleted, Type::INT8_ARRAY),
        (&merged, Type::INT8_ARRAY),
        (&restored, Type::INT8_ARRAY),
        (&undoes, Type::INT8_ARRAY),
    ];
    let inserted = session.execute(RUNS, &parameters).await?;
    if usize::try_from(inserted) == Ok(runs.len()) {
        return Ok(());
    }
    if let Some(first) = ids.first() {
        let key: [Parameter<'_>; 2] = [(&organization.get(), Type::INT4), (first, Type::INT8)];
        if inserted == 0 && !session.query(&stored::RUN, &key).await?.is_empty() {
            let message =
                format_args!("run {first} exists already: the counter of ids was set back");
            return Err(Failure::corrupt(message).into());
        }
    }
    // Two runs go on after the last one of another cluster at once.
    Err(AttemptError::Overtaken(Failure::contention("another run took the position")))
}

async fn insert_entries(
    session: &Session,
    organization: OrganizationId,
    entries: &[Entry<'_>],
) -> Result<(), Failure> {
    let of = |number: fn(&Change) -> i64| -> Vec<i64> {
        entries.iter().map(|(change, _)| number(change)).collect()
    };
    let runs: Vec<i64> = entries.iter().map(|(_, entry)| entry.run.get()).collect();
    let contacts = of(|change| change.record().id.get());
    let versions = of(|change| change.record().version.get());
    let kinds: Vec<i16> = entries.iter().map(|(_, entry)| entry.kind.number()).collect();
    let previous: Vec<Option<i64>> =
        entries.iter().map(|(_, entry)| entry.previous.map(RunId::get)).collect();
    let reverses: Vec<Option<&str>> = entries.iter().map(|(_, entry)| entry.reverse).collect();
    let parameters: [Parameter<'_>; 7] = [
        (&organization.get(), Type::INT4),
        (&runs, Type::INT8_ARRAY),
        (&contacts, Type::INT8_ARRAY),
        (&versions, Type::INT8_ARRAY),
        (&kinds, Type::INT2_ARRAY),
        (&previous, Type::INT8_ARRAY),
        (&reverses, Type::TEXT_ARRAY),
    ];
    session.execute(ENTRIES, &parameters).await?;
    Ok(())
}
