//! Purges contacts: removes all that is stored of them but their ids.

use contacts_domain::decision::RequestKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use tokio_postgres::types::Type;

use super::PLAN_ANEW;
use crate::connect::{Failure, Parameter, Session};
use crate::statements::answers::{self, plans};
use crate::statements::row::contact_id;
use crate::statements::search;
use crate::statements::values::Instant;

/// Erases the differences of these contacts ($2), along their chains of runs. By their places: a join
/// with the chain would read all of the ledger.
const ERASE_CHANGES: &str = "
    WITH RECURSIVE chain AS (
         SELECT entry.*
           FROM unnest($2::bigint[]) AS purged (id)
          CROSS JOIN LATERAL (
                SELECT run_id FROM contact WHERE organization_id = $1 AND id = purged.id
                OFFSET 0) AS last
          CROSS JOIN LATERAL (
                SELECT ctid AS place, contact_id, previous_run_id FROM ledger
                 WHERE organization_id = $1 AND run_id = last.run_id AND contact_id = purged.id
                OFFSET 0) AS entry
          UNION ALL
         SELECT entry.*
           FROM chain
          CROSS JOIN LATERAL (
                SELECT ctid AS place, contact_id, previous_run_id FROM ledger
                 WHERE organization_id = $1 AND run_id = chain.previous_run_id
                   AND contact_id = chain.contact_id
                OFFSET 0) AS entry)
    UPDATE ledger SET reverse = NULL
     WHERE organization_id = $1 AND ctid = ANY (ARRAY (SELECT place FROM chain))
       AND reverse IS NOT NULL";

/// Remembers the last runs of these contacts ($2) while the ledger has them.
const REMEMBER: &str = "
    INSERT INTO purged_contact (organization_id, contact_id, run_id, purged_at)
    SELECT $1, entry.contact_id, entry.run_id, $3
      FROM unnest($2::bigint[]) AS purged (id)
     CROSS JOIN LATERAL (
           SELECT run_id FROM contact WHERE organization_id = $1 AND id = purged.id
           OFFSET 0) AS last
     CROSS JOIN LATERAL (
           SELECT run_id, contact_id FROM ledger
            WHERE organization_id = $1 AND run_id = last.run_id AND contact_id = purged.id
           OFFSET 0) AS entry";

/// Deletes what is stored of these contacts ($2).
const DELETE: [&str; 5] = [
    search::DELETE,
    "DELETE FROM contact_relation WHERE organization_id = $1 AND from_id = ANY ($2)",
    "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = ANY ($2)",
    "DELETE FROM contact_alias WHERE organization_id = $1 AND contact_id = ANY ($2)",
    "DELETE FROM contact WHERE organization_id = $1 AND id = ANY ($2)",
];

/// The contacts that were deleted before $2, the earliest first, at most $3. The condition of the index
/// is repeated.
const DELETED_BEFORE: &str = "
    SELECT id FROM contact
     WHERE organization_id = $1 AND deleted_at IS NOT NULL AND sort_key <> '' AND deleted_at < $2
     ORDER BY deleted_at LIMIT $3";

const ANY_PURGED: &str = "
    SELECT FROM purged_contact
     WHERE organization_id = $1 AND contact_id = ANY ($2) AND purged_at >= $3
     LIMIT 1";

/// Purges contacts at that time, in a transaction beside which no other decides about the organization.
/// The answers of these keys stay.
pub(crate) async fn purge(
    session: &Session,
    organization: OrganizationId,
    contacts: &[ContactId],
    at: Timestamp,
    kept: &[RequestKey],
) -> Result<(), Failure> {
    if contacts.is_empty() {
        return Ok(());
    }
    session.batch(PLAN_ANEW).await?;
    let contacts: Vec<i64> = contacts.iter().map(|id| id.get()).collect();
    let here = organization.get();
    let parameters: [Parameter<'_>; 2] = [(&here, Type::INT4), (&contacts, Type::INT8_ARRAY)];
    session.execute(ERASE_CHANGES, &parameters).await?;
    let at = Instant(at);
    let with_time: [Parameter<'_>; 3] =
        [(&here, Type::INT4), (&contacts, Type::INT8_ARRAY), (&at, Type::TIMESTAMPTZ)];
    session.execute(REMEMBER, &with_time).await?;
    for delete in DELETE {
        session.execute(delete, &parameters).await?;
    }
    session.execute(plans::ERASE, &parameters).await?;
    answers::erase(session, organization, &contacts, kept).await
}

/// The contacts that were deleted before that time, the earliest first, at most so many.
pub(crate) async fn deleted_before(
    session: &Session,
    organization: OrganizationId,
    before: Timestamp,
    at_most: u32,
) -> Result<Vec<ContactId>, Failure> {
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&Instant(before), Type::TIMESTAMPTZ),
        (&i64::from(at_most), Type::INT8),
    ];
    let rows = session.query(DELETED_BEFORE, &parameters).await?;
    rows.iter().map(|row| contact_id(row.try_get(0)?)).collect()
}

/// Whether one of these contacts was purged since then.
pub(crate) async fn any_purged(
    session: &Session,
    organization: OrganizationId,
    contacts: &[ContactId],
    since: Timestamp,
) -> Result<bool, Failure> {
    let contacts: Vec<i64> = contacts.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&contacts, Type::INT8_ARRAY),
        (&Instant(since), Type::TIMESTAMPTZ),
    ];
    Ok(!session.query(ANY_PURGED, &parameters).await?.is_empty())
}
