//! The ledger: runs and their entries.

use contacts_domain::RunId;
use contacts_domain::decision::Writes;
use contacts_domain::ledger::Run;
use diesel::prelude::*;

use crate::connect::Failure;
use crate::schema::{ledger, run};

/// Records the runs and what they do to each contact.
pub(crate) fn record(connection: &mut SqliteConnection, writes: &Writes) -> Result<(), Failure> {
    for run in &writes.runs {
        insert_run(connection, run)?;
    }
    for change in &writes.changes {
        let Some(entry) = change.ledger_entry() else { continue };
        diesel::insert_into(ledger::table)
            .values((
                ledger::organization_id.eq(change.record().organization.get()),
                ledger::run_id.eq(entry.run.get()),
                ledger::contact_id.eq(change.record().id.get()),
                ledger::version.eq(change.record().version.get()),
                ledger::kind.eq(i64::from(entry.kind.number())),
                ledger::previous_run_id.eq(entry.previous.map(RunId::get)),
                ledger::reverse.eq(entry.reverse),
            ))
            .execute(connection)?;
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
