//! The change feed.

use std::collections::HashSet;
use std::sync::LazyLock;

use contacts_application::ledger::{FeedChange, FeedPage, FeedPosition, LastChange, PageSize};
use contacts_domain::ledger::ChangeKind;
use contacts_domain::{OrganizationId, Version};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::row::change_kind;
use crate::connect::{Failure, Parameter, Session};
use crate::statements::columns::{ContactColumns, ContactIndexes, list};
use crate::statements::row::{contact_id, record};

/// The horizon of an organization, as the start of a statement: below it, no run is added any more.
///
/// It is the position of the oldest running transaction that may add one. The snapshot knows the
/// running transactions, those of other databases included. One that adds a run holds the lock of
/// the organization's settings from before it has a number until it ends, so one that runs without
/// that lock adds none, and may run for days. The locks are read once, after the snapshot: of a
/// transaction that has ended in between nobody knows what it added (`have_ended`).
const HORIZON: &str = include_str!("horizon.sql");

/// The mark of the database, the last run below the horizon, and whether a transaction has ended since
/// the snapshot. A standby has no locks of those that run on its primary.
pub(crate) static END: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{HORIZON}
         SELECT id_counter.hub, last.position, last.mark, present.have_ended AND NOT pg_is_in_recovery()
           FROM id_counter CROSS JOIN present
           LEFT JOIN LATERAL (
                SELECT position, mark FROM run
                 WHERE organization_id = $1 AND position < (SELECT position FROM horizon)
                 ORDER BY position DESC LIMIT 1) AS last ON true"
    )
});

/// Whether a run is at that position ($2) with that mark ($3).
const IS_HERE: &str =
    "SELECT id FROM run WHERE organization_id = $1 AND position = $2 AND mark = $3";

/// The changes after that of a contact ($3) in a run at a position ($2) up to a position ($4), but for
/// those that a later change of the same contact follows up to there; at most $5.
static CHANGES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT r.position, r.mark, l.contact_id, l.kind, l.version AS left_version, {}
           FROM (SELECT id, position, mark FROM run
                  WHERE organization_id = $1 AND position >= $2 AND position <= $4
                  ORDER BY position) AS r
          CROSS JOIN LATERAL (
                SELECT run_id, contact_id, version, kind FROM ledger
                 WHERE organization_id = $1 AND run_id = r.id
                   AND contact_id > CASE WHEN r.position > $2 THEN 0 ELSE $3 END
                 ORDER BY contact_id
                OFFSET 0) AS l
           LEFT JOIN LATERAL (
                SELECT * FROM contact WHERE organization_id = $1 AND id = l.contact_id
                OFFSET 0) AS c ON true
           LEFT JOIN LATERAL (
                SELECT run_id FROM purged_contact
                 WHERE organization_id = $1 AND contact_id = l.contact_id AND c.id IS NULL
                OFFSET 0) AS p ON true
          CROSS JOIN LATERAL (SELECT coalesce(c.run_id, p.run_id, l.run_id) AS run_id) AS latest
          WHERE latest.run_id = l.run_id
             OR (SELECT position FROM run WHERE organization_id = $1 AND id = latest.run_id) > $4
          ORDER BY r.position, l.contact_id
          LIMIT $5",
        list("c.", ContactColumns::NAMES)
    )
});

/// The living contacts after an id ($2), at most $3, but for those that a run after a position ($4)
/// has changed.
static CONTACTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM contact
          WHERE organization_id = $1 AND id > $2 AND deleted_at IS NULL
            AND (SELECT position FROM run WHERE organization_id = $1 AND id = contact.run_id) > $4
                IS NOT TRUE
          ORDER BY organization_id, id LIMIT $3",
        list("", ContactColumns::NAMES)
    )
});

/// The position after every change that is committed and below every one that may still be.
///
/// Only running transactions of the organization hold it back: a transaction that has ended since the
/// snapshot is not in the next one.
pub(crate) async fn end(
    session: &Session,
    organization: OrganizationId,
) -> Result<FeedPosition, Failure> {
    loop {
        if let Some(end) = end_of_snapshot(session, organization).await? {
            return Ok(end);
        }
    }
}

/// The same of one snapshot, or `None` if a transaction has ended since it was taken.
pub(crate) async fn end_of_snapshot(
    session: &Session,
    organization: OrganizationId,
) -> Result<Option<FeedPosition>, Failure> {
    let mut rows = session.query(&END, &[(&organization.get(), Type::INT4)]).await?;
    let row = rows.pop().ok_or_else(|| Failure::corrupt("the database has no mark"))?;
    if row.try_get(3)? {
        return Ok(None);
    }
    let last = match row.try_get(1)? {
        None => None,
        Some(position) => Some(LastChange { position, mark: row.try_get(2)?, contact: i64::MAX }),
    };
    Ok(Some(FeedPosition { hub: row.try_get(0)?, last, listed_to: None }))
}

/// The page after a position.
pub(crate) async fn page(
    session: &Session,
    organization: OrganizationId,
    from: FeedPosition,
    size: PageSize,
) -> Result<Option<FeedPage>, Failure> {
    let end = end(session, organization).await?;
    if from.hub != end.hub || !is_here(session, organization, from.last).await? {
        return Ok(None);
    }
    let limit = i64::from(size.items) + 1;
    let mut page = Page {
        changes: Vec::new(),
        next: from,
        rows: 0,
        bytes: 0,
        size,
        is_full: false,
        seen: HashSet::new(),
    };
    let (sql, end): (&'static str, _) = match (from.listed_to, end.last) {
        (Some(after), _) => {
            let parameters: [Parameter<'_>; 4] = [
                (&organization.get(), Type::INT4),
                (&after, Type::INT8),
                (&limit, Type::INT8),
                (&from.last.map_or(0, |last| last.position), Type::INT8),
            ];
            let mut columns = None;
            let listed = |row: Row| page.list(organization, &row, &mut columns);
            session.query_each(&CONTACTS, &parameters, listed).await?;
            return Ok(Some(page.until(FeedPosition { listed_to: None, ..from })));
        }
        (None, None) => return Ok(Some(page.until(from))),
        (None, Some(last)) => (&CHANGES, (end, last)),
    };
    let (end, last) = end;
    let after = from.last.unwrap_or(LastChange { position: 0, mark: 0, contact: 0 });
    let parameters: [Parameter<'_>; 5] = [
        (&organization.get(), Type::INT4),
        (&after.position, Type::INT8),
        (&after.contact, Type::INT8),
        (&last.position, Type::INT8),
        (&limit, Type::INT8),
    ];
    let mut columns = None;
    session.query_each(sql, &parameters, |row| page.add(organization, &row, &mut columns)).await?;
    page.is_full |= page.rows == limit;
    // The horizon of a later snapshot may be lower: then nothing comes, and nobody goes back.
    let is_behind = after.position > last.position;
    Ok(Some(page.until(if is_behind { from } else { end })))
}

/// A page that is being filled.
struct Page {
    changes: Vec<FeedChange>,
    next: FeedPosition,
    /// How many changes it has, with those of contacts that come twice.
    rows: i64,
    bytes: usize,
    size: PageSize,
    is_full: bool,
    seen: HashSet<i64>,
}

impl Page {
    /// Adds a change, unless the page is full.
    fn add(
        &mut self,
        organization: OrganizationId,
        row: &Row,
        columns: &mut Option<ContactIndexes>,
    ) -> Result<(), Failure> {
        let at = match columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(row, "")?),
        };
        self.rows += 1;
        let (position, mark, contact) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let place = Some(LastChange { position, mark, contact });
        if self.seen.contains(&contact) && !self.is_full {
            self.next.last = place;
            return Ok(());
        }
        let is_purged = row.try_get::<_, Option<i64>>(at.id)?.is_none();
        let record = if is_purged { None } else { Some(record(organization, row, at)?) };
        let bytes = record.as_ref().map_or(0, |record| record.document.len());
        if !self.has_room(bytes) {
            return Ok(());
        }
        self.seen.insert(contact);
        self.next.last = place;
        self.changes.push(FeedChange {
            kind: change_kind(row.try_get(3)?)?,
            contact: contact_id(contact)?,
            version: Version::new(row.try_get(4)?),
            record,
        });
        Ok(())
    }

    /// Adds a contact of the list of all, unless the page is full.
    fn list(
        &mut self,
        organization: OrganizationId,
        row: &Row,
        columns: &mut Option<ContactIndexes>,
    ) -> Result<(), Failure> {
        let at = match columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(row, "")?),
        };
        let record = record(organization, row, at)?;
        if !self.has_room(record.document.len()) {
            return Ok(());
        }
        self.next.listed_to = Some(record.id.get());
        let (contact, version) = (record.id, record.version);
        let kind = ChangeKind::Created;
        self.changes.push(FeedChange { kind, contact, version, record: Some(record) });
        Ok(())
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        let has_items =
            u32::try_from(self.changes.len()).is_ok_and(|count| count >= self.size.items);
        self.is_full |= has_items || (self.bytes > self.size.bytes && !self.changes.is_empty());
        !self.is_full
    }

    /// The page, which ends there unless it is full.
    fn until(self, end: FeedPosition) -> FeedPage {
        let Self { changes, next, is_full, .. } = self;
        FeedPage { changes, next: if is_full { next } else { end }, has_more: is_full }
    }
}

/// Whether the database has the run of a change.
async fn is_here(
    session: &Session,
    organization: OrganizationId,
    last: Option<LastChange>,
) -> Result<bool, Failure> {
    let Some(LastChange { position, mark, contact: _ }) = last else { return Ok(true) };
    let parameters: [Parameter<'_>; 3] =
        [(&organization.get(), Type::INT4), (&position, Type::INT8), (&mark, Type::INT8)];
    Ok(!session.query(IS_HERE, &parameters).await?.is_empty())
}
