//! The ledger: runs and their entries.

use contacts_domain::RunId;
use contacts_domain::decision::Writes;
use contacts_domain::ledger::Run;
use diesel::prelude::*;

use crate::connect::Failure;
use crate::schema::{ledger, run};
use crate::statements::columns::{Insert, row};

/// An entry to write.
struct EntryValues<'a> {
    organization_id: i32,
    run_id: i64,
    contact_id: i64,
    version: i64,
    kind: i64,
    previous_run_id: Option<i64>,
    reverse: Option<&'a str>,
}

row!(
    EntryValues of ledger: organization_id, run_id, contact_id, version, kind, previous_run_id,
    reverse
);

/// Records the runs and what they do to each contact.
pub(crate) fn record(connection: &mut SqliteConnection, writes: &Writes) -> Result<(), Failure> {
    for run in &writes.runs {
        insert_run(connection, run)?;
    }
    for change in &writes.changes {
        let Some(entry) = change.ledger_entry() else { continue };
        let values = EntryValues {
            organization_id: change.record().organization.get(),
            run_id: entry.run.get(),
            contact_id: change.record().id.get(),
            version: change.record().version.get(),
            kind: entry.kind.number().into(),
            previous_run_id: entry.previous.map(RunId::get),
            reverse: entry.reverse,
        };
        Insert(values).execute(connection)?;
    }
    Ok(())
}

fn insert_run(connection: &mut SqliteConnection, run: &Run) -> Result<(), Failure> {
    let Run { id, organization, origin, at, counts, undoes } = run;
    diesel::insert_into(run::table)
        .values((
            run::organization_id.eq(organization.get()),
            run::id.eq(id.get()),
            run::api.eq(origin.api.as_str()),
            run::token.eq(&origin.token),
            run::source.eq(&origin.source),
            run::at.eq(at.micros()),
            run::created.eq(counts.created),
            run::updated.eq(counts.updated),
            run::deleted.eq(counts.deleted),
            run::merged.eq(counts.merged),
            run::restored.eq(counts.restored),
            run::undoes.eq(undoes.map(RunId::get)),
        ))
        .execute(connection)?;
    Ok(())
}
