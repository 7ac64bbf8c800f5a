//! Rows of runs and entries.

use contacts_application::ledger::RecordedChange;
use contacts_application::ports::StoreError;
use contacts_domain::ledger::{Api, ChangeKind, Origin, Run, RunCounts};
use contacts_domain::{RunId, Timestamp, Version};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use crate::connect::Failure;
use crate::schema::{ledger, run};
use crate::statements::row::{contact_id, organization_id};

/// A run.
#[derive(Queryable, Selectable)]
#[diesel(table_name = run, check_for_backend(Sqlite))]
pub(super) struct RunRow {
    organization_id: i32,
    id: i64,
    api: String,
    token: String,
    source: Option<String>,
    at: i64,
    created: i64,
    updated: i64,
    deleted: i64,
    merged: i64,
    restored: i64,
    undoes: Option<i64>,
}

/// What a run did to a contact.
#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger, check_for_backend(Sqlite))]
pub(super) struct EntryRow {
    run_id: i64,
    contact_id: i64,
    version: i64,
    kind: i64,
    previous_run_id: Option<i64>,
    reverse: Option<String>,
}

impl TryFrom<RunRow> for Run {
    type Error = Failure;

    fn try_from(row: RunRow) -> Result<Self, Failure> {
        let corrupt = || StoreError::corrupt(format!("run {} has an unknown API", row.id));
        let api = Api::parse(&row.api).ok_or_else(corrupt)?;
        Ok(Self {
            id: run_id(row.id)?,
            organization: organization_id(row.organization_id)?,
            origin: Origin { api, token: row.token, source: row.source },
            at: Timestamp::from_micros(row.at),
            counts: RunCounts {
                created: row.created,
                updated: row.updated,
                deleted: row.deleted,
                merged: row.merged,
                restored: row.restored,
            },
            undoes: row.undoes.map(run_id).transpose()?,
        })
    }
}

impl TryFrom<EntryRow> for RecordedChange {
    type Error = Failure;

    fn try_from(row: EntryRow) -> Result<Self, Failure> {
        Ok(Self {
            contact: contact_id(row.contact_id)?,
            version: Version::new(row.version),
            run: run_id(row.run_id)?,
            previous: row.previous_run_id.map(run_id).transpose()?,
            kind: change_kind(row.kind)?,
            reverse: row.reverse,
        })
    }
}

pub(super) fn change_kind(number: i64) -> Result<ChangeKind, Failure> {
    let kind = i16::try_from(number).ok().and_then(ChangeKind::of_number);
    let unknown = || StoreError::corrupt(format!("{number} is no kind of change"));
    kind.ok_or_else(|| unknown().into())
}

fn run_id(id: i64) -> Result<RunId, Failure> {
    RunId::new(id).ok_or_else(|| StoreError::corrupt(format!("{id} is not a run id")).into())
}
