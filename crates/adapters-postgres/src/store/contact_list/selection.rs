//! The contacts that a filter selects, as a statement.

use contacts_application::contact_list::{
    ContactFilter, ContactFlag, ContactOrder, ContactOrderKey, ContactPage, ContactQuery, ListKey,
    ListPosition, PositionKey, listed,
};
use contacts_application::ports::Lifecycle;
use contacts_domain::OrganizationId;
use contacts_domain::searching::SearchQuery;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connect::{Failure, Parameter, Session};
use crate::statements::columns::{ContactColumns, ContactIndexes, list};
use crate::statements::row;
use crate::statements::search;
use crate::statements::values;

/// Adds the contacts of a statement to a page. Returns whether it is full.
pub(super) async fn add_all(
    session: &Session,
    organization: OrganizationId,
    query: &ContactQuery,
    (statement, condition): (&str, &Condition),
    page: &mut ContactPage,
) -> Result<bool, Failure> {
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
    session.query_each_once(statement, &condition.parameters(), take).await?;
    Ok(is_full)
}

pub(super) fn statement(condition: &mut Condition, query: &ContactQuery) -> String {
    let place = match &query.after {
        Some(after) => condition.behind(after, query.order),
        None => "true".to_owned(),
    };
    let direction = if query.order.descending { " DESC" } else { "" };
    let order = match column(query.order) {
        Some(column) => format!("{column}{direction}, id{direction}"),
        None => format!("id{direction}"),
    };
    let (columns, limit) = (list("", ContactColumns::NAMES), i64::from(query.size.items) + 1);
    let contacts = condition.contacts();
    format!("SELECT {columns} FROM {contacts} AND {place} ORDER BY {order} LIMIT {limit}")
}

/// The column that an order compares before the id.
fn column(order: ContactOrder) -> Option<&'static str> {
    match order.by {
        ContactOrderKey::DisplayName => Some("sort_key"),
        ContactOrderKey::CreatedAt => Some("created_at"),
        ContactOrderKey::UpdatedAt => Some("updated_at"),
        ContactOrderKey::Id => None,
    }
}

/// A condition in SQL, with its values.
pub(super) struct Condition {
    lifecycle: Lifecycle,
    /// What few contacts fulfil: a key or a query.
    few: String,
    /// What else has to hold.
    rest: String,
    /// The organization, and what the others compare with.
    values: Vec<Value>,
}

pub(super) enum Value {
    Organization(i32),
    Text(String),
    Flag(bool),
    Id(i64),
    Ids(Vec<i64>),
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
            Self::Ids(ids) => (ids, Type::INT8_ARRAY),
            Self::LinkId(id) => (id, Type::UUID),
            Self::Time(at) => (at, Type::TIMESTAMPTZ),
        }
    }
}

impl Condition {
    /// That a filter selects contacts, whatever its query is.
    pub(super) fn of(organization: OrganizationId, filter: &ContactFilter) -> Self {
        let ContactFilter {
            lifecycle,
            contact_type,
            flags,
            country,
            tag,
            updated_since,
            keys,
            query: _,
        } = filter;
        let values = vec![Value::Organization(organization.get())];
        let (few, rest) = (String::new(), String::new());
        let mut condition = Self { lifecycle: *lifecycle, few, rest, values };
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
                    condition.add_few("external_id = ", Value::Text(key.clone()), "");
                }
                ListKey::LinkId(key) => {
                    condition.add_few("link_id = ", Value::LinkId(key.as_uuid()), "");
                }
                ListKey::Email(key) => condition.add_few("email = ", Value::Text(key.clone()), ""),
                ListKey::Phone(key) => {
                    let or_mobile = format!(" OR mobile = ${})", condition.values.len() + 1);
                    condition.add_few("(phone = ", Value::Text(key.clone()), &or_mobile);
                }
                ListKey::VatNumber(key) => {
                    condition.add_few("vat_number = ", Value::Text(key.clone()), "");
                }
            }
        }
        condition
    }

    /// That a query finds contacts.
    pub(super) fn add_query(&mut self, organization: OrganizationId, query: Option<&SearchQuery>) {
        if let Some(query) = query {
            let expression = search::expression(organization, query);
            self.add_few(
                "id IN (SELECT contact_id FROM search_words WHERE organization_id = $1 AND words @@ ",
                Value::Text(expression),
                "::text::tsquery OFFSET 0)",
            );
        }
    }

    /// That contacts come behind a place. A row is compared column by column, so an index of both serves.
    fn behind(&mut self, ListPosition { key, id }: &ListPosition, order: ContactOrder) -> String {
        let operator = if order.descending { "<" } else { ">" };
        match key {
            PositionKey::Name(key) => self.values.push(Value::Text(key.as_str().to_owned())),
            PositionKey::Time(at) => self.values.push(Value::Time(values::Instant(*at))),
            PositionKey::Id => {}
        }
        self.values.push(Value::Id(id.get()));
        let last = self.values.len();
        match column(order) {
            Some(column) => format!("({column}, id) {operator} (${}, ${last})", last - 1),
            None => format!("id {operator} ${last}"),
        }
    }

    fn add(&mut self, before: &str, value: Value, after: &str) {
        let comparison = self.comparison(before, value, after);
        self.rest.push_str(&comparison);
    }

    /// Adds what few contacts fulfil.
    pub(super) fn add_few(&mut self, before: &str, value: Value, after: &str) {
        let comparison = self.comparison(before, value, after);
        self.few.push_str(&comparison);
    }

    fn comparison(&mut self, before: &str, value: Value, after: &str) -> String {
        self.values.push(value);
        format!(" AND {before}${}{after}", self.values.len())
    }

    /// Whether every contact fulfils it.
    pub(super) fn selects_all(&self) -> bool {
        self.few.is_empty() && self.rest.is_empty()
    }

    /// The contacts that fulfil it.
    pub(super) fn contacts(&self) -> String {
        let Self { lifecycle, few, rest, values: _ } = self;
        // `sort_key <> ''` holds for every contact, and is the condition of the indexes of lists. Without
        // it, the few living contacts of a key are not looked for in one of these, which has all contacts
        // and, without statistics, looks as cheap. Deleted contacts have no other index.
        let (is_deleted, of_few) = match lifecycle {
            Lifecycle::Living => ("NULL", ""),
            Lifecycle::Deleted => ("NOT NULL", " AND sort_key <> ''"),
        };
        let of = format!("contact WHERE organization_id = $1 AND deleted_at IS {is_deleted}");
        if few.is_empty() {
            return format!("{of} AND sort_key <> ''{rest}");
        }
        // With `OFFSET 0`, no plan walks all contacts in search of the few.
        format!("(SELECT * FROM {of}{of_few}{few} OFFSET 0) AS few WHERE sort_key <> ''{rest}")
    }

    pub(super) fn parameters(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(Value::parameter).collect()
    }
}
