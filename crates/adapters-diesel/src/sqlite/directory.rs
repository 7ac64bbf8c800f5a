//! The port of the directory of intercoms.

use async_trait::async_trait;
use contacts_application::directory::{EntryPage, EntryQuery, Order, OrderKey};
use contacts_application::ports::{IntercomDirectory, StoreError};
use contacts_domain::OrganizationId;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::SqliteStore;
use super::entry::EntryRow;
use super::failure::Failure;
use super::schema::contact_intercom::{self, BoxedQuery};
use crate::condition::Condition;

#[async_trait]
impl IntercomDirectory for SqliteStore {
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError> {
        let query = query.clone();
        self.readers.read(move |connection| page(connection, organization, &query)).await
    }
}

fn page(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    query: &EntryQuery,
) -> Result<EntryPage, Failure> {
    // One transaction: the total is that of the moment at which the entries are read.
    connection.transaction(|connection| {
        let total: i64 = selected(organization, query).count().get_result(connection)?;
        let rows: Vec<EntryRow> = ordered(selected(organization, query), query.order)
            .offset(i64::try_from(query.offset).unwrap_or(i64::MAX))
            .limit(query.limit.into())
            .select(EntryRow::as_select())
            .load(connection)?;
        Ok(EntryPage {
            entries: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            total: u64::try_from(total).map_err(Failure::internal)?,
        })
    })
}

/// The entries that the filter selects.
fn selected(organization: OrganizationId, query: &EntryQuery) -> BoxedQuery<'_, Sqlite> {
    let entries = contact_intercom::table
        .filter(contact_intercom::organization_id.eq(organization.get()))
        .into_boxed();
    match &query.filter {
        Some(filter) => entries.filter(Condition::of(filter)),
        None => entries,
    }
}

/// The entries in that order; those that are equal in it lowest ids first.
fn ordered(entries: BoxedQuery<'_, Sqlite>, order: Order) -> BoxedQuery<'_, Sqlite> {
    let Order { by, descending } = order;
    let id = contact_intercom::contact_id;
    macro_rules! by {
        ($column:expr) => {
            match descending {
                false => entries.order($column.asc()),
                true => entries.order($column.desc()),
            }
        };
    }
    match by {
        OrderKey::Id => by!(id),
        OrderKey::Name => by!(contact_intercom::name).then_order_by(id),
        OrderKey::Kind => by!(contact_intercom::kind).then_order_by(id),
        OrderKey::Number => by!(contact_intercom::number).then_order_by(id),
    }
}
