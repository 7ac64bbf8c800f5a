//! The contacts that a filter selects, as a statement.

use contacts_application::contact_list::{
    ContactFilter, ContactFlag, ContactOrder, ContactOrderKey, ListKey, listed,
};
use contacts_application::ports::Lifecycle;
use contacts_domain::OrganizationId;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

use crate::connect::in_time;
use crate::schema::contact::{self, BoxedQuery};
use crate::statements::row::email_hash;
use crate::statements::search::{IS_FOUND, expression};

/// In an order, by its index.
pub(super) fn walked(query: BoxedQuery<'_, Sqlite>, order: ContactOrder) -> BoxedQuery<'_, Sqlite> {
    macro_rules! by {
        ($($column:expr),+) => {
            match order.descending {
                false => query.order(($($column.asc(),)+)),
                true => query.order(($($column.desc(),)+)),
            }
        };
    }
    match order.by {
        ContactOrderKey::DisplayName => by!(contact::sort_key, contact::id),
        ContactOrderKey::CreatedAt => by!(contact::created_at, contact::id),
        ContactOrderKey::UpdatedAt => by!(contact::updated_at, contact::id),
        ContactOrderKey::Id => by!(contact::id),
    }
}

/// The contacts that a filter and its query select.
pub(super) fn found(
    organization: OrganizationId,
    filter: &ContactFilter,
) -> BoxedQuery<'_, Sqlite> {
    let contacts = selected(organization, filter);
    match &filter.query {
        None => contacts,
        Some(query) => contacts.filter(
            sql::<Bool>(IS_FOUND).bind::<Text, _>(expression(organization, query)).sql(")"),
        ),
    }
}

/// The contacts that a filter selects, whatever its query is.
pub(super) fn selected(
    organization: OrganizationId,
    filter: &ContactFilter,
) -> BoxedQuery<'_, Sqlite> {
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
    let mut query = contact::table
        .filter(contact::organization_id.eq(organization.get()))
        // Before the filter of the caller, which may be slow.
        .filter(in_time())
        .into_boxed();
    query = match lifecycle {
        Lifecycle::Living => query.filter(contact::deleted_at.is_null()),
        Lifecycle::Deleted => query.filter(contact::deleted_at.is_not_null()),
    };
    if let Some(contact_type) = contact_type {
        query = query.filter(contact::contact_type.eq(contact_type.as_str()));
    }
    for (flag, value) in flags {
        query = match flag {
            ContactFlag::Archived => query.filter(contact::archived.eq(*value)),
            ContactFlag::IsCustomer => query.filter(contact::is_customer.eq(*value)),
            ContactFlag::IsVendor => query.filter(contact::is_vendor.eq(*value)),
            ContactFlag::IsStaff => query.filter(contact::is_staff.eq(*value)),
        };
    }
    if let Some(country) = country {
        let holds = sql::<Bool>("instr(countries, ").bind::<Text, _>(listed(country)).sql(") > 0");
        query = query.filter(holds);
    }
    if let Some(tag) = tag {
        let holds = sql::<Bool>("instr(tags, ").bind::<Text, _>(listed(tag)).sql(") > 0");
        query = query.filter(holds);
    }
    if let Some(since) = updated_since {
        query = query.filter(contact::updated_at.ge(since.micros()));
    }
    for key in keys {
        query = match key {
            ListKey::ExternalId(key) => query.filter(contact::external_id.eq(key)),
            ListKey::LinkId(key) => query.filter(contact::link_id.eq(key.to_string())),
            ListKey::Email(key) => {
                query.filter(contact::email_hash.eq(email_hash(key))).filter(contact::email.eq(key))
            }
            // SQLite uses no partial indexes for an `OR`.
            ListKey::Phone(key) => {
                let deleted = match lifecycle {
                    Lifecycle::Living => "NULL",
                    Lifecycle::Deleted => "NOT NULL",
                };
                let ids = |column: &str| {
                    format!("SELECT id FROM contact WHERE deleted_at IS {deleted} AND {column} = ")
                };
                let here = format!(" AND organization_id = {organization}");
                query.filter(
                    sql::<Bool>(&format!("id IN ({}", ids("phone")))
                        .bind::<Text, _>(key)
                        .sql(&format!("{here} UNION ALL {}", ids("mobile")))
                        .bind::<Text, _>(key)
                        .sql(&format!("{here})")),
                )
            }
            ListKey::VatNumber(key) => query.filter(contact::vat_number.eq(key)),
        };
    }
    query
}
