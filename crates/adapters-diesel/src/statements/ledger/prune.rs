//! Deletes old runs.

use contacts_domain::{OrganizationId, Timestamp};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};

use crate::connect::Failure;
use crate::schema::{ledger, run};

/// The most runs of one step. A run has at most some 10,000 changes.
const RUNS: usize = 20;

/// Deletes what is left of the purged contacts that a run (?2) changed last.
const LAST_OF_PURGED: &str = "
    DELETE FROM purged_contact
     WHERE organization_id = ?1 AND run_id = ?2
       AND contact_id IN (SELECT contact_id FROM ledger
                           WHERE organization_id = ?1 AND run_id = ?2)";

/// Deletes the oldest runs of an organization that another run from before that time follows. Returns
/// whether there are more.
pub(crate) fn prune(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    before: Timestamp,
) -> Result<bool, Failure> {
    let organization = organization.get();
    let mut oldest = run::table
        .filter(run::organization_id.eq(organization))
        .order(run::position)
        .select((run::position, run::id, run::at))
        .load_iter::<(i64, i64, i64), diesel::connection::DefaultLoadingMode>(connection)?
        .take(RUNS + 1)
        .collect::<QueryResult<Vec<_>>>()?;
    let followed = oldest.iter().skip(1).take_while(|(.., at)| *at < before.micros()).count();
    oldest.truncate(followed);
    for (position, id, _) in oldest {
        let of_run = ledger::table
            .filter(ledger::organization_id.eq(organization))
            .filter(ledger::run_id.eq(id));
        sql_query(LAST_OF_PURGED)
            .bind::<Integer, _>(organization)
            .bind::<BigInt, _>(id)
            .execute(connection)?;
        diesel::delete(of_run).execute(connection)?;
        diesel::delete(run::table.find(position)).execute(connection)?;
    }
    Ok(followed == RUNS)
}
