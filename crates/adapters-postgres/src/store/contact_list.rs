//! The port [`ContactList`].

use std::time::Instant;

use async_trait::async_trait;
use contacts_application::contact_list::{
    ContactExport, ContactFilter, ContactFlag, ContactOrder, ContactOrderKey, ContactPage,
    ContactQuery, ListKey, ListPosition, PositionKey, listed,
};
use contacts_application::ledger::FeedPosition;
use contacts_application::ports::{ContactList, Lifecycle, StoreError};
use contacts_domain::OrganizationId;
use tokio::sync::mpsc;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::PostgresStore;
use crate::connect::{Failure, Parameter, Pool, Session, take_share};
use crate::replica;
use crate::statements::columns::{ContactColumns, ContactIndexes, list};
use crate::statements::ledger::feed;
use crate::statements::row;
use crate::statements::values;

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
    let mut page = ContactPage::default();
    // Not kept prepared: filters vary without limit, and the best plan depends on their values.
    if query.is_counted {
        let count = format!("SELECT count(*) FROM contact WHERE {}", condition.sql);
        let counted = session.query_once(&count, &condition.parameters()).await?;
        let total: i64 = counted.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        page.total = Some(u64::try_from(total).map_err(Failure::internal)?);
    }
    let statement = statement(&mut condition, query);
    let (mut columns, mut is_full) = (None, false);
    let take = |row: Row| {
        let at = match &columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(&row, "")?),
        };
        // What comes behind a full page is thrown away as it arrives.
        if !is_full {
            is_full = !page.add(query, row::record(organization, &row, at)?);
        }
        Ok(())
    };
    session.query_each_once(&statement, &condition.parameters(), take).await?;
    Ok(page)
}

fn statement(condition: &mut Condition, query: &ContactQuery) -> String {
    let place = match &query.after {
        Some(after) => condition.behind(after, query.order),
        None => "true".to_owned(),
    };
    let contacts = match query.filter.keys.as_slice() {
        [] => format!("contact WHERE {} AND {place}", condition.sql),
        // A key selects few contacts, which are sorted: with `OFFSET 0`, no plan walks all contacts in
        // their order in search of them.
        _ => {
            format!("(SELECT * FROM contact WHERE {} OFFSET 0) AS few WHERE {place}", condition.sql)
        }
    };
    let direction = if query.order.descending { " DESC" } else { "" };
    let order = match query.order.by {
        ContactOrderKey::DisplayName => format!("sort_key{direction}, id{direction}"),
        ContactOrderKey::CreatedAt => format!("created_at{direction}, id{direction}"),
        ContactOrderKey::Id => format!("id{direction}"),
    };
    let (columns, limit) = (list("", ContactColumns::NAMES), i64::from(query.size.items) + 1);
    format!("SELECT {columns} FROM {contacts} ORDER BY {order} LIMIT {limit}")
}

/// A condition in SQL, with its values.
struct Condition {
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Organization(i32),
    Text(String),
    Flag(bool),
    Id(i64),
    LinkId(Uuid),
    Time(values::Instant),
}

impl Value {
    fn parameter(&self) -> Parameter<'_> {
        match self {
            Self::Organization(id) => (id, Type::INT4),
            Self::Text(text) => (text, Type::TEXT),
            Self::Flag(flag) => (flag, Type::BOOL),
            Self::Id(id) => (id, Type::INT8),
            Self::LinkId(id) => (id, Type::UUID),
            Self::Time(at) => (at, Type::TIMESTAMPTZ),
        }
    }
}

impl Condition {
    fn of(organization: OrganizationId, filter: &ContactFilter) -> Self {
        let ContactFilter { lifecycle, contact_type, flags, country, tag, updated_since, keys } =
            filter;
        let mut condition = Self { sql: String::new(), values: Vec::new() };
        condition.add("organization_id = ", Value::Organization(organization.get()), "");
        condition.sql.push_str(match lifecycle {
            // The conditions of the indexes of lists.
            Lifecycle::Living => " AND deleted_at IS NULL AND sort_key <> ''",
            Lifecycle::Deleted => " AND deleted_at IS NOT NULL AND sort_key <> ''",
        });
        if let Some(contact_type) = contact_type {
            condition.add("contact_type = ", Value::Text(contact_type.as_str().to_owned()), "");
        }
        for (flag, value) in flags {
            let column = match flag {
                ContactFlag::Archived => "archived = ",
                ContactFlag::IsCustomer => "is_customer = ",
                ContactFlag::IsVendor => "is_vendor = ",
                ContactFlag::IsStaff => "is_staff = ",
            };
            condition.add(column, Value::Flag(*value), "");
        }
        if let Some(country) = country {
            condition.add("strpos(countries, ", Value::Text(listed(country)), ") > 0");
        }
        if let Some(tag) = tag {
            condition.add("strpos(tags, ", Value::Text(listed(tag)), ") > 0");
        }
        if let Some(since) = updated_since {
            condition.add("updated_at >= ", Value::Time(values::Instant(*since)), "");
        }
        for key in keys {
            match key {
                ListKey::ExternalId(key) => {
                    condition.add("external_id = ", Value::Text(key.clone()), "");
                }
                ListKey::LinkId(key) => {
                    condition.add("link_id = ", Value::LinkId(key.as_uuid()), "");
                }
                ListKey::Email(key) => condition.add("email = ", Value::Text(key.clone()), ""),
                ListKey::Phone(key) => {
                    condition.add("(phone = ", Value::Text(key.clone()), "");
                    let number = condition.values.len();
                    condition.sql.push_str(&format!(" OR mobile = ${number})"));
                }
                ListKey::VatNumber(key) => {
                    condition.add("vat_number = ", Value::Text(key.clone()), "");
                }
            }
        }
        condition
    }

    /// That contacts come behind a place. A row is compared column by column, so an index of both serves.
    fn behind(&mut self, ListPosition { key, id }: &ListPosition, order: ContactOrder) -> String {
        let operator = if order.descending { "<" } else { ">" };
        let column = match key {
            PositionKey::Name(key) => {
                self.values.push(Value::Text(key.as_str().to_owned()));
                Some("sort_key")
            }
            PositionKey::Time(at) => {
                self.values.push(Value::Time(values::Instant(*at)));
                Some("created_at")
            }
            PositionKey::Id => None,
        };
        self.values.push(Value::Id(id.get()));
        let last = self.values.len();
        match column {
            Some(column) => format!("({column}, id) {operator} (${}, ${last})", last - 1),
            None => format!("id {operator} ${last}"),
        }
    }

    fn add(&mut self, before: &str, value: Value, after: &str) {
        self.values.push(value);
        let and = if self.sql.is_empty() { "" } else { " AND " };
        self.sql.push_str(&format!("{and}{before}${}{after}", self.values.len()));
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(Value::parameter).collect()
    }
}
