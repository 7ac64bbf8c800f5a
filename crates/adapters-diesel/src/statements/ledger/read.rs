//! Reads runs, their changes, and the history of a contact.

use contacts_application::ledger::{History, PageSize, RecordedChange};
use contacts_application::ports::StoreError;
use contacts_domain::contact::Record;
use contacts_domain::ledger::Run;
use contacts_domain::undoing::{UndoneChange, UndoneContact};
use contacts_domain::{ContactId, OrganizationId, RunId};
use diesel::prelude::*;

use super::row::{EntryRow, RunRow};
use crate::connect::Failure;
use crate::schema::{ledger, run};
use crate::statements::query;
use crate::statements::row::{ContactRow, contact_id};

/// The run of that id.
pub(crate) fn find_run(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: RunId,
) -> Result<Option<Run>, Failure> {
    let found: Option<RunRow> = run::table
        .filter(run::organization_id.eq(organization.get()))
        .filter(run::id.eq(id.get()))
        .select(RunRow::as_select())
        .get_result(connection)
        .optional()?;
    found.map(Run::try_from).transpose()
}

/// The runs before that one, the last one first.
pub(crate) fn runs(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    before: Option<RunId>,
    at_most: u32,
) -> Result<Vec<Run>, Failure> {
    let here = run::table.filter(run::organization_id.eq(organization.get()));
    let before = match before {
        None => i64::MAX,
        Some(id) => here
            .filter(run::id.eq(id.get()))
            .select(run::position)
            .get_result(connection)
            .optional()?
            .unwrap_or(i64::MIN),
    };
    let rows: Vec<RunRow> = here
        .filter(run::position.lt(before))
        .order(run::position.desc())
        .limit(at_most.into())
        .select(RunRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Run::try_from).collect()
}

/// The changes of a run after that of a contact.
pub(crate) fn changes(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: RunId,
    after: Option<ContactId>,
    size: PageSize,
) -> Result<Vec<RecordedChange>, Failure> {
    let rows = ledger::table
        .filter(ledger::organization_id.eq(organization.get()))
        .filter(ledger::run_id.eq(id.get()))
        .filter(ledger::contact_id.gt(after.map_or(0, ContactId::get)))
        .order(ledger::contact_id)
        .limit(size.items.into())
        .select(EntryRow::as_select())
        .load_iter(connection)?;
    let (mut changes, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row: EntryRow = row?;
        let change = RecordedChange::try_from(row)?;
        bytes += change.reverse.as_ref().map_or(0, String::len);
        if bytes > size.bytes && !changes.is_empty() {
            break;
        }
        changes.push(change);
    }
    Ok(changes)
}

/// The contacts that a run changed, each with what runs did to it from that one on.
pub(crate) fn changed_by(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: RunId,
    bytes_at_most: usize,
) -> Result<Vec<UndoneContact>, Failure> {
    let ids: Vec<i64> = ledger::table
        .filter(ledger::organization_id.eq(organization.get()))
        .filter(ledger::run_id.eq(id.get()))
        .order(ledger::contact_id)
        .select(ledger::contact_id)
        .load(connection)?;
    let (mut contacts, mut bytes) = (Vec::with_capacity(ids.len()), 0);
    for contact in ids {
        let row = contact_row(connection, organization, contact)?;
        let mut next = row.as_ref().and_then(ContactRow::run);
        let record = row.map(Record::try_from).transpose()?;
        bytes += record.as_ref().map_or(0, |record| record.document.len());
        let mut changes = Vec::new();
        while let Some(run) = next {
            let change = entry(connection, organization, run, contact)?;
            let change = change.ok_or_else(|| gap(contact, id))?;
            bytes += change.reverse.as_ref().map_or(0, String::len);
            next = match run == id {
                true => None,
                false => Some(change.previous.ok_or_else(|| gap(contact, id))?),
            };
            changes.push(UndoneChange { kind: change.kind, reverse: change.reverse });
        }
        if bytes > bytes_at_most {
            return Err(StoreError::too_large(bytes_at_most).into());
        }
        contacts.push(UndoneContact { id: contact_id(contact)?, record, changes });
    }
    Ok(contacts)
}

/// A contact with its changes from that run on backwards, or all.
pub(crate) fn history(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contact: ContactId,
    from: Option<RunId>,
    size: PageSize,
) -> Result<Option<History>, Failure> {
    let Some(row) = contact_row(connection, organization, contact.get())? else { return Ok(None) };
    let (mut changes, mut bytes, mut next) = (Vec::new(), 0, from.or(row.run()));
    let record = Record::try_from(row)?;
    while let Some(id) = next {
        // What is before was pruned.
        let Some(change) = entry(connection, organization, id, contact.get())? else { break };
        let Some(run) = find_run(connection, organization, id)? else { break };
        bytes += change.reverse.as_ref().map_or(0, String::len);
        let is_full = u32::try_from(changes.len()).is_ok_and(|count| count >= size.items);
        if is_full || (bytes > size.bytes && !changes.is_empty()) {
            return Ok(Some(History { record, changes, has_more: true }));
        }
        next = change.previous;
        changes.push((run, change));
    }
    Ok(Some(History { record, changes, has_more: false }))
}

/// The chain of the changes of a contact does not lead to a run that changed it.
fn gap(contact: i64, run: RunId) -> Failure {
    StoreError::corrupt(format!("the changes of contact {contact} since run {run} have a gap"))
        .into()
}

/// A contact, living or deleted.
fn contact_row(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contact: i64,
) -> Result<Option<ContactRow>, Failure> {
    let found = query::by_id_in_any_state(organization.get(), contact)
        .select(ContactRow::as_select())
        .get_result(connection);
    Ok(found.optional()?)
}

/// What a run did to a contact; `None` if that was pruned.
fn entry(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    run: RunId,
    contact: i64,
) -> Result<Option<RecordedChange>, Failure> {
    let entry: Option<EntryRow> = ledger::table
        .find((organization.get(), run.get(), contact))
        .select(EntryRow::as_select())
        .get_result(connection)
        .optional()?;
    entry.map(RecordedChange::try_from).transpose()
}
