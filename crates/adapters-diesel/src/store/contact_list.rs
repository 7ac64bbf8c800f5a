//! The port [`ContactList`].

mod found;
mod selection;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use contacts_application::contact_list::{
    ContactExport, ContactFilter, ContactOrder, ContactOrderKey, ContactPage, ContactQuery,
    ListKey, ListPosition, PositionKey,
};
use contacts_application::ledger::FeedPosition;
use contacts_application::ports::{ContactList, Lifecycle, StoreError};
use contacts_domain::OrganizationId;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::Sqlite;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use self::selection::{found, walked};
use super::SqliteStore;
use crate::connect::{Failure, limit_time};
use crate::schema::contact::{self, BoxedQuery};
use crate::statements::ledger::feed;
use crate::statements::row::ContactRow;

/// How long a page may take, with its wait for a connection.
const MAX_TIME: Duration = Duration::from_secs(5);

#[async_trait]
impl ContactList for SqliteStore {
    async fn page(
        &self,
        organization: OrganizationId,
        query: &ContactQuery,
    ) -> Result<ContactPage, StoreError> {
        let query = query.clone();
        let started = Instant::now();
        let time_is_left = move || started.elapsed() < MAX_TIME;
        self.readers
            .read_long(move |connection| {
                limit_time(time_is_left, || page(connection, organization, &query))
            })
            .await
    }

    async fn export(
        &self,
        organization: OrganizationId,
        filter: &ContactFilter,
    ) -> Result<ContactExport, StoreError> {
        let (position, begun) = oneshot::channel();
        let (sender, pages) = mpsc::channel(ContactExport::AHEAD);
        let query = ContactExport::first(filter.clone());
        let (readers, runtime) = (self.readers.clone(), Handle::current());
        // A connection beside those of other reads: an export may take long.
        spawn_blocking(move || {
            let way = Way { sender, runtime };
            let read =
                readers.read_here(|connection| way.read(connection, organization, query, position));
            if let Err(failure) = read {
                way.send(Err(failure.into()));
            }
        });
        match begun.await {
            Ok(position) => Ok(ContactExport { position, pages }),
            Err(_) => Err(failed(pages).await),
        }
    }
}

/// Why an export has not begun.
async fn failed(mut pages: mpsc::Receiver<Page>) -> StoreError {
    match pages.recv().await {
        Some(Err(error)) => error,
        _ => StoreError::internal("an export has not begun"),
    }
}

/// A page of an export.
type Page = Result<ContactPage, StoreError>;

/// The way of an export to its reader.
struct Way {
    sender: mpsc::Sender<Page>,
    runtime: Handle,
}

impl Way {
    /// Sends all pages, from one snapshot.
    fn read(
        &self,
        connection: &mut SqliteConnection,
        organization: OrganizationId,
        mut query: ContactQuery,
        position: oneshot::Sender<FeedPosition>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let time_is_left = move || started.elapsed() < ContactExport::MAX_TIME;
        let pages = |connection: &mut SqliteConnection| {
            let _ = position.send(feed::end(connection, organization)?);
            loop {
                let found = page(connection, organization, &query)?;
                query.after = found.next.clone();
                if !self.send(Ok(found)) || query.after.is_none() {
                    return Ok(());
                }
            }
        };
        limit_time(time_is_left, || connection.transaction(pages))
    }

    /// Sends a page. Returns false where the reader has gone, or takes nothing any more: the snapshot
    /// keeps the log from being copied, so it waits for nobody for long.
    fn send(&self, page: Page) -> bool {
        let sent = self.sender.send_timeout(page, ContactExport::MAX_PAUSE);
        self.runtime.block_on(sent).is_ok()
    }
}

fn page(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    query: &ContactQuery,
) -> Result<ContactPage, Failure> {
    // One transaction: total and contacts are those of one moment.
    connection.transaction(|connection| {
        let mut page = ContactPage::default();
        if query.is_counted {
            let total: i64 = found(organization, &query.filter).count().get_result(connection)?;
            page.total = Some(u64::try_from(total).map_err(StoreError::internal)?);
        }
        if let ContactFilter { query: Some(search), keys, .. } = &query.filter
            && (keys.is_empty(), query.order.by) == (true, ContactOrderKey::Id)
        {
            found::add(connection, organization, query, search, &mut page)?;
            return Ok(page);
        }
        for part in parts(organization, query) {
            let rows = part
                .limit(needed_rows(query))
                .select(ContactRow::as_select())
                .load_iter(connection)?;
            for row in rows {
                let row: ContactRow = row?;
                if !page.add(query, row.try_into()?) {
                    return Ok(page);
                }
            }
        }
        Ok(page)
    })
}

/// How many rows show whether a page is the last one.
fn needed_rows(query: &ContactQuery) -> i64 {
    i64::from(query.size.items) + 1
}

/// The contacts of a page and those behind it, in order, as parts that follow each other.
fn parts(organization: OrganizationId, query: &ContactQuery) -> Vec<BoxedQuery<'_, Sqlite>> {
    let ContactQuery { filter, order, after, .. } = query;
    let all = || found(organization, filter);
    let is_few = !filter.keys.is_empty() || filter.query.is_some();
    let is_walked = !is_few && matches!(order.by, ContactOrderKey::CreatedAt | ContactOrderKey::Id);
    match after {
        None if has_identity_key(filter) => vec![walked(all(), *order)],
        after if !is_walked => {
            // The ids first: rows that are sorted with their documents take six times as long.
            let first = sorted(all(), *order, after.as_ref()).limit(needed_rows(query));
            let page = contact::table.filter(contact::id.eq_any(first.select(contact::id)));
            vec![sorted(page.into_boxed(), *order, None)]
        }
        None => vec![walked(all(), *order)],
        Some(after) => {
            behind(&all, after, order.descending).map(|part| walked(part, *order)).collect()
        }
    }
}

/// Whether a key selects one contact at most. SQLite knows that, too, and has nothing to sort.
fn has_identity_key(filter: &ContactFilter) -> bool {
    let is_identity_key =
        |key: &ListKey| matches!(key, ListKey::ExternalId(_) | ListKey::LinkId(_));
    filter.lifecycle == Lifecycle::Living && filter.keys.iter().any(is_identity_key)
}

/// Those behind a place: those that are equal to it but for their ids, then the others. SQLite finds
/// the first of `(created_at, id) > (?, ?)` by `created_at` alone, so it would walk over all equal ones.
fn behind<'q>(
    all: &dyn Fn() -> BoxedQuery<'q, Sqlite>,
    ListPosition { key, id }: &'q ListPosition,
    descending: bool,
) -> std::vec::IntoIter<BoxedQuery<'q, Sqlite>> {
    macro_rules! beyond {
        ($query:expr, $column:expr, $value:expr) => {
            match descending {
                false => $query.filter($column.gt($value)),
                true => $query.filter($column.lt($value)),
            }
        };
    }
    macro_rules! parts {
        ($column:expr, $value:expr) => {
            vec![
                beyond!(all().filter($column.eq($value)), contact::id, id.get()),
                beyond!(all(), $column, $value),
            ]
        };
    }
    let parts = match key {
        PositionKey::Name(name) => parts!(contact::sort_key, name.as_str()),
        PositionKey::Time(at) => parts!(contact::created_at, at.micros()),
        PositionKey::Id => vec![beyond!(all(), contact::id, id.get())],
    };
    parts.into_iter()
}

/// The few that a key or a query selects, in an order, or all by name or last change. No index serves
/// `+column`, so the contacts that the filter selects are sorted, and none is walked in search of the
/// few.
fn sorted<'q>(
    query: BoxedQuery<'q, Sqlite>,
    order: ContactOrder,
    after: Option<&ListPosition>,
) -> BoxedQuery<'q, Sqlite> {
    let column = match order.by {
        ContactOrderKey::DisplayName => "+sort_key",
        ContactOrderKey::CreatedAt => "+created_at",
        ContactOrderKey::UpdatedAt => "+updated_at",
        ContactOrderKey::Id => "+id",
    };
    let (operator, direction) = if order.descending { ("<", "DESC") } else { (">", "ASC") };
    let query = match after {
        None => query,
        Some(ListPosition { key, id }) => {
            let place = sql::<Bool>(&format!("({column}, +id) {operator} ("));
            let id_of_it = id.get();
            match key {
                PositionKey::Name(name) => query.filter(
                    place
                        .bind::<Text, _>(name.as_str().to_owned())
                        .sql(", ")
                        .bind::<BigInt, _>(id_of_it)
                        .sql(")"),
                ),
                PositionKey::Time(at) => query.filter(
                    place
                        .bind::<BigInt, _>(at.micros())
                        .sql(", ")
                        .bind::<BigInt, _>(id_of_it)
                        .sql(")"),
                ),
                PositionKey::Id => query.filter(
                    place
                        .bind::<BigInt, _>(id_of_it)
                        .sql(", ")
                        .bind::<BigInt, _>(id_of_it)
                        .sql(")"),
                ),
            }
        }
    };
    query.order(sql::<Text>(&format!("{column} {direction}, +id {direction}")))
}
