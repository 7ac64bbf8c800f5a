//! The relations of contacts.

use contacts_domain::{Change, OrganizationId};
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Session};

const DELETE: &str =
    "DELETE FROM contact_relation WHERE organization_id = $1 AND from_id = ANY ($2)";

const INSERT: &str = "
    INSERT INTO contact_relation (organization_id, to_id, from_id)
    SELECT $1, new.* FROM unnest($2::bigint[], $3::bigint[]) AS new";

pub(crate) async fn delete(
    session: &Session,
    organization: OrganizationId,
    changes: &[&Change],
) -> Result<(), Failure> {
    if !changes.is_empty() {
        let ids: Vec<i64> = changes.iter().map(|change| change.record().id.get()).collect();
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
        session.execute(DELETE, &parameters).await?;
    }
    Ok(())
}

pub(crate) async fn insert(
    session: &Session,
    organization: OrganizationId,
    changes: &[&Change],
) -> Result<(), Failure> {
    let (to, from): (Vec<i64>, Vec<i64>) = changes
        .iter()
        .flat_map(|change| {
            let from = change.record().id.get();
            change.relations().iter().map(move |to| (to.get(), from))
        })
        .unzip();
    if !to.is_empty() {
        let parameters: [Parameter<'_>; 3] =
            [(&organization.get(), Type::INT4), (&to, Type::INT8_ARRAY), (&from, Type::INT8_ARRAY)];
        session.execute(INSERT, &parameters).await?;
    }
    Ok(())
}
