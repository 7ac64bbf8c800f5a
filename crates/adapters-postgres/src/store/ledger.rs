//! The port [`Ledger`].

use async_trait::async_trait;
use contacts_application::ledger::{FeedPage, FeedPosition, History, PageSize, RecordedChange};
use contacts_application::ports::{ContactStore as _, Ledger, Lifecycle, StoreError};
use contacts_domain::contact::Record;
use contacts_domain::ledger::Run;
use contacts_domain::undoing::{UndoneChange, UndoneContact};
use contacts_domain::{ContactId, OrganizationId, RunId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter, Session};
use crate::statements::columns::ContactIndexes;
use crate::statements::ledger::{self, feed};
use crate::statements::row::{contact_id, record};
use crate::statements::values::Instant;
use crate::statements::write::purge::{deleted_before, purge};

/// How often a history is read anew of a contact that changes meanwhile.
const MAX_OVERTAKEN: usize = 5;

/// The most runs that a step of pruning deletes. A run has at most some 10,000 changes.
const PRUNED: usize = 20;

#[async_trait]
impl Ledger for PostgresStore {
    async fn run(
        &self,
        organization: OrganizationId,
        id: RunId,
    ) -> Result<Option<Run>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&id.get(), Type::INT8)];
        let rows = self.transactions.read(&ledger::RUN, &parameters).await?;
        Ok(rows.first().map(|row| ledger::run(organization, row)).transpose()?)
    }

    async fn runs(
        &self,
        organization: OrganizationId,
        before: Option<RunId>,
        at_most: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let (before, at_most) = (before.map(RunId::get), i64::from(at_most));
        let parameters: [Parameter<'_>; 3] =
            [(&organization.get(), Type::INT4), (&before, Type::INT8), (&at_most, Type::INT8)];
        let rows = self.transactions.read(&ledger::RUNS, &parameters).await?;
        Ok(rows.iter().map(|row| ledger::run(organization, row)).collect::<Result<_, _>>()?)
    }

    async fn changes(
        &self,
        organization: OrganizationId,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        let (after, at_most) = (after.map_or(0, ContactId::get), i64::from(size.items));
        let parameters: [Parameter<'_>; 4] = [
            (&organization.get(), Type::INT4),
            (&run.get(), Type::INT8),
            (&after, Type::INT8),
            (&at_most, Type::INT8),
        ];
        let rows = self.transactions.read(ledger::CHANGES, &parameters).await?;
        let (mut changes, mut bytes) = (Vec::new(), 0);
        for row in rows {
            let change = ledger::change(&row)?;
            bytes += change.reverse.as_ref().map_or(0, String::len);
            if bytes > size.bytes && !changes.is_empty() {
                break;
            }
            changes.push(change);
        }
        Ok(changes)
    }

    async fn history(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        from: Option<RunId>,
        size: PageSize,
    ) -> Result<Option<History>, StoreError> {
        let (at_most, from) = (i64::from(size.items) + 1, from.map(RunId::get));
        let parameters: [Parameter<'_>; 4] = [
            (&organization.get(), Type::INT4),
            (&contact.get(), Type::INT8),
            (&at_most, Type::INT8),
            (&from, Type::INT8),
        ];
        for _ in 0..MAX_OVERTAKEN {
            let living = self.contact(organization, contact, Lifecycle::Living).await?;
            let record = match living {
                Some(record) => Some(record),
                None => self.contact(organization, contact, Lifecycle::Deleted).await?,
            };
            let Some(record) = record else { return Ok(None) };
            let rows = self.transactions.read(&ledger::HISTORY, &parameters).await?;
            let last = rows.first().map(ledger::change).transpose()?;
            // It changed between the two reads.
            if last.is_some_and(|last| last.version > record.version) {
                continue;
            }
            return Ok(Some(history(organization, record, &rows, size)?));
        }
        Err(StoreError::contention("the contact changes all the time"))
    }

    async fn changed_by(
        &self,
        organization: OrganizationId,
        run: RunId,
        bytes_at_most: usize,
    ) -> Result<Vec<UndoneContact>, StoreError> {
        let session = self.transactions.begin().await?;
        let read = changed_by(&session, organization, run, bytes_at_most).await;
        Ok(ended(&session, read).await?)
    }

    async fn feed_end(&self, organization: OrganizationId) -> Result<FeedPosition, StoreError> {
        let session = self.transactions.begin().await?;
        Ok(ended(&session, feed::end(&session, organization).await).await?)
    }

    async fn feed(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> Result<Option<FeedPage>, StoreError> {
        let session = self.transactions.begin().await?;
        Ok(ended(&session, feed::page(&session, organization, from, size).await).await?)
    }

    async fn prune(
        &self,
        organization: OrganizationId,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let session = self.transactions.begin().await?;
        let (pruned, has_more) = prune(&session, organization, before).await?;
        if pruned {
            session.commit().await?;
        } else {
            session.rollback().await?;
        }
        Ok(has_more)
    }

    async fn purge_deleted(
        &self,
        organization: OrganizationId,
        before: Timestamp,
        now: Timestamp,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        let session = self.transactions.begin_alone(organization).await?;
        let deleted = deleted_before(&session, organization, before, at_most).await?;
        purge(&session, organization, &deleted, now, &[]).await?;
        match deleted.is_empty() {
            true => session.rollback().await?,
            false => session.commit().await?,
        }
        Ok(u64::try_from(deleted.len()).unwrap_or(u64::MAX))
    }
}

/// A page of a history.
fn history(
    organization: OrganizationId,
    record: Record,
    rows: &[Row],
    size: PageSize,
) -> Result<History, Failure> {
    let (mut changes, mut bytes, mut has_more) = (Vec::new(), 0, false);
    for row in rows {
        let change = ledger::change(row)?;
        bytes += change.reverse.as_ref().map_or(0, String::len);
        let is_full = u32::try_from(changes.len()).is_ok_and(|count| count >= size.items);
        if is_full || (bytes > size.bytes && !changes.is_empty()) {
            has_more = true;
            break;
        }
        changes.push((ledger::run(organization, row)?, change));
    }
    Ok(History { record, changes, has_more })
}

/// The contacts that a run changed, each with what runs did to it from that one on.
async fn changed_by(
    session: &Session,
    organization: OrganizationId,
    run: RunId,
    bytes_at_most: usize,
) -> Result<Vec<UndoneContact>, Failure> {
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&run.get(), Type::INT8)];
    let (mut contacts, mut bytes) = (Vec::<(UndoneContact, Option<i64>)>::new(), 0);
    let mut columns = None;
    let take = |row: Row| {
        let at = match &columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(&row, "")?),
        };
        let id = contact_id(row.try_get("changed_id")?)?;
        if contacts.last().is_none_or(|(contact, _)| contact.id != id) {
            let is_stored = row.try_get::<_, Option<i64>>(at.id)?.is_some();
            let record = if is_stored { Some(record(organization, &row, at)?) } else { None };
            bytes += record.as_ref().map_or(0, |record| record.document.len());
            contacts.push((UndoneContact { id, record, changes: Vec::new() }, None));
        }
        let Some((contact, reached)) = contacts.last_mut() else { return Ok(()) };
        *reached = row.try_get("change_run_id")?;
        if let Some(kind) = row.try_get("kind")? {
            let reverse: Option<String> = row.try_get("reverse")?;
            bytes += reverse.as_ref().map_or(0, String::len);
            contact.changes.push(UndoneChange { kind: ledger::change_kind(kind)?, reverse });
        }
        match bytes <= bytes_at_most {
            true => Ok(()),
            false => Err(Failure::too_large("the documents and differences are too large")),
        }
    };
    session.query_each(&ledger::CHANGED_BY, &parameters, take).await?;
    let whole = |(contact, reached): (UndoneContact, Option<i64>)| match reached {
        Some(reached) if reached != run.get() => Err(Failure::corrupt(format_args!(
            "the changes of contact {} since run {run} have a gap",
            contact.id
        ))),
        _ => Ok(contact),
    };
    contacts.into_iter().map(whole).collect()
}

/// Ends a transaction that has only read.
async fn ended<T>(session: &Session, read: Result<T, Failure>) -> Result<T, Failure> {
    let ended = session.rollback().await;
    let read = read?;
    ended.map(|()| read)
}

/// Deletes some of the oldest runs that another run from before that time follows. Returns whether
/// there were any, and whether there are more.
async fn prune(
    session: &Session,
    organization: OrganizationId,
    before: Timestamp,
) -> Result<(bool, bool), Failure> {
    let at_most = i64::try_from(PRUNED + 1).unwrap_or(i64::MAX);
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&at_most, Type::INT8)];
    let rows = session.query(ledger::OLDEST, &parameters).await?;
    let oldest: Vec<(i64, Timestamp)> = rows
        .iter()
        .map(|row| {
            let Instant(at) = row.try_get(1)?;
            Ok((row.try_get(0)?, at))
        })
        .collect::<Result<_, Failure>>()?;
    let followed = oldest.iter().skip(1).take_while(|(_, at)| *at < before).count();
    let ids: Vec<i64> = oldest.iter().take(followed).map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok((false, false));
    }
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    session.execute(ledger::DELETE, &parameters).await?;
    Ok((true, followed == PRUNED))
}
