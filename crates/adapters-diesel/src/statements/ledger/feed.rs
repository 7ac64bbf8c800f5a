//! The change feed. One writer commits runs in the order of their positions, so a reader sees all of
//! them up to the last one.

use contacts_application::ledger::{FeedChange, FeedPage, FeedPosition, LastChange, PageSize};
use contacts_domain::contact::Record;
use contacts_domain::ledger::ChangeKind;
use contacts_domain::{OrganizationId, Version};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer};

use super::row::change_kind;
use crate::connect::Failure;
use crate::schema::{contact, id_counter, run};
use crate::statements::query;
use crate::statements::row::{ContactRow, contact_id};

/// The changes after that of a contact (?3) in a run at a position (?2), but for those that a later
/// change of the same contact follows.
const CHANGES: &str = "
    SELECT r.position, r.mark, l.contact_id, l.version, l.kind
      FROM run AS r
     CROSS JOIN ledger AS l -- in this order, by the keys of both
      LEFT JOIN contact AS c ON c.id = l.contact_id
      LEFT JOIN purged_contact AS p
        ON p.organization_id = ?1 AND p.contact_id = l.contact_id AND c.id IS NULL
     WHERE r.organization_id = ?1 AND r.position >= ?2
       AND l.organization_id = ?1 AND l.run_id = r.id
       AND l.contact_id > CASE WHEN r.position > ?2 THEN 0 ELSE ?3 END
       AND coalesce(c.run_id, p.run_id, l.run_id) = l.run_id
     ORDER BY r.position, l.contact_id
     LIMIT ?4";

/// The condition that no run after a position, which follows it, has changed a contact.
const UNCHANGED_SINCE: &str = "
    ((SELECT r.position FROM run AS r
       WHERE r.organization_id = contact.organization_id AND r.id = contact.run_id) > ";

#[derive(QueryableByName)]
struct ChangeRow {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    mark: i64,
    #[diesel(sql_type = BigInt)]
    contact_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    kind: i64,
}

/// The position after every change.
pub(crate) fn end(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
) -> Result<FeedPosition, Failure> {
    let hub = id_counter::table.select(id_counter::hub).get_result(connection)?;
    let last: Option<(i64, i64)> = run::table
        .filter(run::organization_id.eq(organization.get()))
        .order(run::position.desc())
        .select((run::position, run::mark))
        .first(connection)
        .optional()?;
    let last = last.map(|(position, mark)| LastChange { position, mark, contact: i64::MAX });
    Ok(FeedPosition { hub, last, listed_to: None })
}

/// The page after a position.
pub(crate) fn page(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    from: FeedPosition,
    size: PageSize,
) -> Result<Option<FeedPage>, Failure> {
    let end = end(connection, organization)?;
    if from.hub != end.hub || !is_here(connection, organization, from.last)? {
        return Ok(None);
    }
    if let Some(after) = from.listed_to {
        return list(connection, organization, from, after, size).map(Some);
    }
    let after = from.last.unwrap_or(LastChange { position: 0, mark: 0, contact: 0 });
    let rows: Vec<ChangeRow> = sql_query(CHANGES)
        .bind::<Integer, _>(organization.get())
        .bind::<BigInt, _>(after.position)
        .bind::<BigInt, _>(after.contact)
        .bind::<BigInt, _>(i64::from(size.items) + 1)
        .load(connection)?;
    let (mut changes, mut last, mut bytes) = (Vec::new(), from.last, 0);
    for row in rows {
        let is_full = u32::try_from(changes.len()).is_ok_and(|count| count >= size.items);
        let record = if is_full { None } else { find(connection, organization, row.contact_id)? };
        bytes += record.as_ref().map_or(0, |record| record.document.len());
        if is_full || (bytes > size.bytes && !changes.is_empty()) {
            let next = FeedPosition { last, ..end };
            return Ok(Some(FeedPage { changes, next, has_more: true }));
        }
        let ChangeRow { position, mark, contact_id: contact, .. } = row;
        last = Some(LastChange { position, mark, contact });
        changes.push(FeedChange {
            kind: change_kind(row.kind)?,
            contact: contact_id(contact)?,
            version: Version::new(row.version),
            record,
        });
    }
    Ok(Some(FeedPage { changes, next: end, has_more: false }))
}

/// A page of all living contacts after an id, but for those that come with later changes.
fn list(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    from: FeedPosition,
    after: i64,
    size: PageSize,
) -> Result<FeedPage, Failure> {
    let start = from.last.map_or(0, |last| last.position);
    let rows = query::ids_after(organization.get(), after)
        .filter(contact::deleted_at.is_null())
        .filter(sql::<Bool>(UNCHANGED_SINCE).bind::<BigInt, _>(start).sql(") IS NOT TRUE"))
        .limit(i64::from(size.items) + 1)
        .select(ContactRow::as_select())
        .load_iter(connection)?;
    let (mut changes, mut bytes, mut listed_to) = (Vec::new(), 0, after);
    for row in rows {
        let row: ContactRow = row?;
        let record = Record::try_from(row)?;
        bytes += record.document.len();
        let is_full = u32::try_from(changes.len()).is_ok_and(|count| count >= size.items);
        if is_full || (bytes > size.bytes && !changes.is_empty()) {
            let next = FeedPosition { listed_to: Some(listed_to), ..from };
            return Ok(FeedPage { changes, next, has_more: true });
        }
        listed_to = record.id.get();
        let (contact, version) = (record.id, record.version);
        let kind = ChangeKind::Created;
        changes.push(FeedChange { kind, contact, version, record: Some(record) });
    }
    let next = FeedPosition { listed_to: None, ..from };
    Ok(FeedPage { changes, next, has_more: false })
}

/// Whether the database has the run of a change.
fn is_here(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    last: Option<LastChange>,
) -> Result<bool, Failure> {
    let Some(LastChange { position, mark, contact: _ }) = last else { return Ok(true) };
    let found = run::table
        .find(position)
        .filter(run::organization_id.eq(organization.get()))
        .filter(run::mark.eq(mark))
        .select(run::id)
        .get_result::<i64>(connection)
        .optional()?;
    Ok(found.is_some())
}

fn find(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: i64,
) -> Result<Option<Record>, Failure> {
    let row: Option<ContactRow> = query::by_id_in_any_state(organization.get(), id)
        .select(ContactRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Record::try_from).transpose()
}
