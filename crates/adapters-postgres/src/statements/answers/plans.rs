//! Plans, whose applications have their answers beside them.

use std::sync::Arc;

use contacts_application::plans::{KeptPlan, PlanHead, PlanPart};
use contacts_domain::OrganizationId;
use contacts_domain::decision::RequestKey;
use tokio_postgres::types::Type;

use super::super::values::Instant;
use crate::connect::{Failure, Parameter, Session};

/// A plan as a whole.
pub(crate) const HEAD: &str =
    "SELECT created_at, head FROM kept_plan WHERE organization_id = $1 AND key = $2";

const REQUEST: &str = "SELECT request FROM kept_plan WHERE organization_id = $1 AND key = $2";

const RESULTS: &str = "SELECT results FROM kept_plan WHERE organization_id = $1 AND key = $2";

/// Keeps a plan, unless the plans of the organization would weigh more than $9 bytes. Plans that are
/// kept at the same time do not see each other.
const INSERT: &str = "
    INSERT INTO kept_plan
           (organization_id, key, created_at, contacts, weight, head, request, results)
    SELECT $1, $2, $3, to_json($4::bigint[])::text, $5, $6, $7, $8
     WHERE $5 + (SELECT coalesce(sum(weight), 0) FROM kept_plan WHERE organization_id = $1) <= $9";

const DELETE: &str = "DELETE FROM kept_plan WHERE organization_id = $1 AND key = $2";

/// Forgets plans from before $1, at most $2. Those that others forget are left to them.
pub(crate) const FORGET: &str = "
    DELETE FROM kept_plan
     WHERE (organization_id, key) IN (
           SELECT organization_id, key FROM kept_plan
            WHERE created_at < $1
            ORDER BY created_at LIMIT $2
              FOR UPDATE SKIP LOCKED)";

/// Forgets the plans that name one of these contacts, or whose application does.
pub(in crate::statements) const ERASE: &str = "
    DELETE FROM kept_plan
     WHERE organization_id = $1
       AND EXISTS (
           SELECT FROM (
                  SELECT kept_plan.contacts
                   UNION ALL
                  SELECT kept_answer.contacts FROM kept_answer
                   WHERE kept_answer.organization_id = $1 AND kept_answer.key = kept_plan.key)
                  AS named (contacts)
            CROSS JOIN LATERAL json_array_elements_text(named.contacts::json) AS shown (id)
            WHERE shown.id::bigint = ANY ($2))";

/// The statement that reads a part of a plan.
pub(crate) fn read(part: PlanPart) -> &'static str {
    match part {
        PlanPart::Request => REQUEST,
        PlanPart::Results => RESULTS,
    }
}

/// The plan in a row of [`HEAD`].
pub(crate) fn head(row: &tokio_postgres::Row) -> Result<PlanHead, Failure> {
    let Instant(at) = row.try_get(0)?;
    Ok(PlanHead { at, shown: Arc::from(row.try_get::<_, &[u8]>(1)?) })
}

/// Keeps a plan. Returns whether there was room for it.
pub(crate) async fn insert(
    session: &Session,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
    plan: &KeptPlan,
    bytes_at_most: i64,
) -> Result<bool, Failure> {
    let contacts: Vec<i64> = plan.contacts.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 9] = [
        (&organization.get(), Type::INT4),
        (&key.as_slice(), Type::BYTEA),
        (&Instant(plan.at), Type::TIMESTAMPTZ),
        (&contacts, Type::INT8_ARRAY),
        (&plan.weight(), Type::INT8),
        (&&*plan.head, Type::BYTEA),
        (&&*plan.request, Type::BYTEA),
        (&&*plan.results, Type::BYTEA),
        (&bytes_at_most, Type::INT8),
    ];
    Ok(session.execute(INSERT, &parameters).await? == 1)
}

/// Forgets a plan. Returns whether there was one.
pub(crate) async fn delete(
    session: &Session,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
) -> Result<bool, Failure> {
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&key.as_slice(), Type::BYTEA)];
    Ok(session.execute(DELETE, &parameters).await? == 1)
}
