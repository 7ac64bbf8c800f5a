//! Contacts that a query finds, by their ids.

use contacts_application::contact_list::{ContactPage, ContactQuery};
use contacts_domain::OrganizationId;
use contacts_domain::searching::SearchQuery;

use super::selection::{Condition, Value, add_all, statement};
use crate::connect::{Failure, Session};
use crate::statements::search::{expression, found};

/// Adds the contacts of a page that a query finds, in the order of their ids. They are read some at a time,
/// more and more where the filter selects few of them.
pub(super) async fn add(
    session: &Session,
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
        let ids = found(session, organization, &expression, after, descending, at_most).await?;
        after = ids.last().copied();
        let is_last = ids.len() < at_most;
        let mut condition = Condition::of(organization, &query.filter);
        condition.add_few("id = ANY (", Value::Ids(ids), ")");
        let statement = statement(&mut condition, query);
        if add_all(session, organization, query, (&statement, &condition), page).await? || is_last {
            return Ok(());
        }
        at_most = at_most.saturating_mul(4);
    }
}
