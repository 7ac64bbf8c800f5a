//! Runs and changes from rows.

use contacts_application::ledger::RecordedChange;
use contacts_domain::ledger::{Api, ChangeKind, Origin, Run, RunCounts};
use contacts_domain::{OrganizationId, RunId, Version};
use tokio_postgres::Row;

use crate::connect::Failure;
use crate::statements::row::contact_id;
use crate::statements::values::Instant;

/// The columns of a run, in the order in which [`run`] reads them.
pub(super) const RUN_COLUMNS: &str =
    "id, api, token, source, at, created, updated, deleted, merged, restored, undoes";

/// The run in the first columns of a row.
pub(crate) fn run(organization: OrganizationId, row: &Row) -> Result<Run, Failure> {
    let api: &str = row.try_get(1)?;
    let unknown = || Failure::corrupt(format_args!("`{api}` is no API of a run"));
    let Instant(at) = row.try_get(4)?;
    let undoes: Option<i64> = row.try_get(10)?;
    Ok(Run {
        id: run_id(row.try_get(0)?)?,
        organization,
        origin: Origin {
            api: Api::parse(api).ok_or_else(unknown)?,
            token: row.try_get(2)?,
            source: row.try_get(3)?,
        },
        at,
        counts: RunCounts {
            created: row.try_get(5)?,
            updated: row.try_get(6)?,
            deleted: row.try_get(7)?,
            merged: row.try_get(8)?,
            restored: row.try_get(9)?,
        },
        undoes: undoes.map(run_id).transpose()?,
    })
}

/// The change in the columns of a row.
pub(crate) fn change(row: &Row) -> Result<RecordedChange, Failure> {
    let previous: Option<i64> = row.try_get("previous_run_id")?;
    Ok(RecordedChange {
        contact: contact_id(row.try_get("contact_id")?)?,
        version: Version::new(row.try_get("version")?),
        run: run_id(row.try_get("run_id")?)?,
        previous: previous.map(run_id).transpose()?,
        kind: change_kind(row.try_get("kind")?)?,
        reverse: row.try_get("reverse")?,
    })
}

pub(crate) fn change_kind(number: i16) -> Result<ChangeKind, Failure> {
    let unknown = || Failure::corrupt(format_args!("{number} is no kind of change"));
    ChangeKind::of_number(number).ok_or_else(unknown)
}

fn run_id(id: i64) -> Result<RunId, Failure> {
    RunId::new(id).ok_or_else(|| Failure::corrupt(format_args!("{id} is no run id")))
}
