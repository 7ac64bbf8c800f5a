//! The port [`ContactList`].

mod found;
mod selection;

use std::time::Instant;

use async_trait::async_trait;
use contacts_application::contact_list::{
    ContactExport, ContactFilter, ContactOrderKey, ContactPage, ContactQuery,
};
use contacts_application::ledger::FeedPosition;
use contacts_application::ports::{ContactList, StoreError};
use contacts_domain::OrganizationId;
use tokio::sync::mpsc;

use self::selection::{Condition, add_all, statement};
use super::PostgresStore;
use crate::connect::{Failure, Pool, Session, take_share};
use crate::replica;
use crate::statements::ledger::feed;

/// Makes a list of all contacts walk the index of its order, also where the table has no statistics yet:
/// then PostgreSQL would read and sort all contacts for each page (docs/adr/0009).
const WALK: &str = "SET LOCAL enable_sort = off";

#[async_trait]
impl ContactList for PostgresStore {
    async fn page(
        &self,
        organization: OrganizationId,
        query: &ContactQuery,
    ) -> Result<ContactPage, StoreError> {
        // One snapshot, so that the total fits the contacts.
        let read = async |session: Session| {
            let page = page(&session, organization, query).await?;
            session.rollback().await?;
            Ok(page)
        };
        let standby = self.standby.as_ref();
        Ok(replica::read(&self.pool, &self.free_for_lists, standby, read).await?)
    }

    async fn export(
        &self,
        organization: OrganizationId,
        filter: &ContactFilter,
    ) -> Result<ContactExport, StoreError> {
        let wait = self.pool.options().wait;
        let share = take_share(&self.free_for_lists, wait, "other lists").await?;
        let (session, position) = snapshot(&self.pool, organization).await?;
        let (sender, pages) = mpsc::channel(ContactExport::AHEAD);
        let query = ContactExport::first(filter.clone());
        tokio::spawn(async move {
            let _share = share;
            if let Err(failure) = send_pages(&session, organization, query, &sender).await {
                let _ = sender.send_timeout(Err(failure.into()), ContactExport::MAX_PAUSE).await;
            }
        });
        Ok(ContactExport { position, pages })
    }
}

/// A session in a snapshot, and the position in the change feed from which on all later changes come.
async fn snapshot(
    pool: &Pool,
    organization: OrganizationId,
) -> Result<(Session, FeedPosition), Failure> {
    let limits = pool.options().set_limits();
    let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {limits}");
    loop {
        let session = pool.begin(&begin).await?;
        if let Some(position) = feed::end_of_snapshot(&session, organization).await? {
            return Ok((session, position));
        }
        session.rollback().await?;
    }
}

/// Sends all pages of a snapshot. Breaks off where the reader has gone, or takes nothing any more.
async fn send_pages(
    session: &Session,
    organization: OrganizationId,
    mut query: ContactQuery,
    sender: &mpsc::Sender<Result<ContactPage, StoreError>>,
) -> Result<(), Failure> {
    let started = Instant::now();
    while started.elapsed() < ContactExport::MAX_TIME {
        let found = page(session, organization, &query).await.map_err(Failure::of_list)?;
        query.after = found.next.clone();
        let sent = sender.send_timeout(Ok(found), ContactExport::MAX_PAUSE).await;
        if sent.is_err() || query.after.is_none() {
            return session.rollback().await;
        }
    }
    Err(Failure::out_of_time("the export took too long"))
}

/// Reads a page of contacts, and their total if it is asked for.
pub(crate) async fn page(
    session: &Session,
    organization: OrganizationId,
    query: &ContactQuery,
) -> Result<ContactPage, Failure> {
    let mut condition = Condition::of(organization, &query.filter);
    condition.add_query(organization, query.filter.query.as_ref());
    let mut page = ContactPage::default();
    // Not kept prepared: filters vary without limit, and the best plan depends on their values.
    if query.is_counted {
        let count = format!("SELECT count(*) FROM {}", condition.contacts());
        let counted = session.query_once(&count, &condition.parameters()).await?;
        let total: i64 = counted.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        page.total = Some(u64::try_from(total).map_err(Failure::internal)?);
    }
    if let ContactFilter { query: Some(search), keys, .. } = &query.filter
        && (keys.is_empty(), query.order.by) == (true, ContactOrderKey::Id)
    {
        found::add(session, organization, query, search, &mut page).await?;
        return Ok(page);
    }
    let statement = statement(&mut condition, query);
    let has_index = query.order.by != ContactOrderKey::UpdatedAt;
    let walks = async {
        match condition.selects_all() && has_index {
            true => session.batch(WALK).await,
            false => Ok(()),
        }
    };
    // In one round trip.
    tokio::try_join!(
        biased;
        walks,
        add_all(session, organization, query, (&statement, &condition), &mut page),
    )?;
    Ok(page)
}
