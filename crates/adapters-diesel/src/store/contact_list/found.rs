//! Contacts that a query finds, by their ids.

use contacts_application::contact_list::{ContactPage, ContactQuery};
use contacts_application::ports::StoreError;
use contacts_domain::OrganizationId;
use contacts_domain::searching::SearchQuery;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::selection::{selected, walked};
use crate::connect::Failure;
use crate::statements::row::ContactRow;
use crate::statements::search::{expression, found};

/// Adds the contacts of a page that a query finds, in the order of their ids. They are read some at a time,
/// more and more where the filter selects few of them.
pub(super) fn add(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    query: &ContactQuery,
    search: &SearchQuery,
    page: &mut ContactPage,
) -> Result<(), Failure> {
    let expression = expression(organization, search);
    let descending = query.order.descending;
    let mut after = query.after.as_ref().map(|place| place.id.get());
    let mut at_most = usize::try_from(query.size.items).unwrap_or(usize::MAX).saturating_add(1);
    loop {
        let ids = found(connection, &expression, after, descending, at_most)?;
        after = ids.last().copied();
        let is_last = ids.len() < at_most;
        let ids = serde_json::to_string(&ids).map_err(StoreError::internal)?;
        let among = sql::<Bool>("contact.id IN (SELECT value FROM json_each(")
            .bind::<Text, _>(ids)
            .sql("))");
        let rows = walked(selected(organization, &query.filter).filter(among), query.order)
            .select(ContactRow::as_select())
            .load_iter(connection)?;
        for row in rows {
            let row: ContactRow = row?;
            if !page.add(query, row.try_into()?) {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
        at_most = at_most.saturating_mul(4);
    }
}
