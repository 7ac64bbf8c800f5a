//! The relations of contacts.

use contacts_domain::OrganizationId;
use contacts_domain::contact::Contact;
use tokio_postgres::types::Type;

use crate::failure::Failure;
use crate::session::{Parameter, Session};

const DELETE: &str =
    "DELETE FROM contact_relation WHERE organization_id = $1 AND from_id = ANY ($2)";

const INSERT: &str = "
    INSERT INTO contact_relation (organization_id, to_id, from_id)
    SELECT $1, new.* FROM unnest($2::bigint[], $3::bigint[]) AS new";

/// Deletes the relations of contacts that get others.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn delete(
    session: &Session,
    organization: OrganizationId,
    contacts: &[&Contact],
) -> Result<(), Failure> {
    if !contacts.is_empty() {
        let ids: Vec<i64> = contacts.iter().map(|contact| contact.record().id.get()).collect();
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
        session.execute(DELETE, &parameters).await?;
    }
    Ok(())
}

/// Inserts the relations of contacts that have none.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn insert(
    session: &Session,
    organization: OrganizationId,
    contacts: &[&Contact],
) -> Result<(), Failure> {
    let (to, from): (Vec<i64>, Vec<i64>) = contacts
        .iter()
        .flat_map(|contact| {
            let from = contact.record().id.get();
            contact.relations().into_iter().map(move |to| (to.get(), from))
        })
        .unzip();
    if !to.is_empty() {
        let parameters: [Parameter<'_>; 3] =
            [(&organization.get(), Type::INT4), (&to, Type::INT8_ARRAY), (&from, Type::INT8_ARRAY)];
        session.execute(INSERT, &parameters).await?;
    }
    Ok(())
}
