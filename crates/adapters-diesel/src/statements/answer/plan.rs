//! Plans, whose applications have their answers beside them.

use std::sync::Arc;

use contacts_application::plans::{KeptPlan, PlanHead, PlanPart};
use contacts_domain::decision::RequestKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Text};

use super::ids;
use crate::connect::Failure;
use crate::schema::kept_plan;

/// Keeps a plan, unless the plans of the organization would weigh more than so many bytes.
pub(crate) fn insert(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
    plan: &KeptPlan,
    bytes_at_most: i64,
) -> Result<bool, Failure> {
    let kept: i64 = kept_plan::table
        .filter(kept_plan::organization_id.eq(organization.get()))
        .select(sql::<BigInt>("coalesce(sum(weight), 0)"))
        .get_result(connection)?;
    if kept.saturating_add(plan.weight()) > bytes_at_most {
        return Ok(false);
    }
    let row = (
        kept_plan::organization_id.eq(organization.get()),
        kept_plan::key.eq(key.as_slice()),
        kept_plan::created_at.eq(plan.at.micros()),
        kept_plan::contacts.eq(ids(&plan.contacts)),
        kept_plan::weight.eq(plan.weight()),
        kept_plan::head.eq(&*plan.head),
        kept_plan::request.eq(&*plan.request),
        kept_plan::results.eq(&*plan.results),
    );
    diesel::insert_into(kept_plan::table).values(row).execute(connection)?;
    Ok(true)
}

/// Forgets a plan. Returns whether there was one.
pub(crate) fn delete(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
) -> Result<bool, Failure> {
    let plan = kept_plan::table.find((organization.get(), key.as_slice()));
    Ok(diesel::delete(plan).execute(connection)? > 0)
}

/// A plan as a whole.
pub(crate) fn head(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
) -> Result<Option<PlanHead>, Failure> {
    let found: Option<(i64, Vec<u8>)> = kept_plan::table
        .find((organization.get(), key.as_slice()))
        .select((kept_plan::created_at, kept_plan::head))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(at, head)| PlanHead { at: Timestamp::from_micros(at), shown: head.into() }))
}

/// A part of a plan.
pub(crate) fn part(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
    part: PlanPart,
) -> Result<Option<Arc<[u8]>>, Failure> {
    let plan = kept_plan::table.find((organization.get(), key.as_slice()));
    let found: Option<Vec<u8>> = match part {
        PlanPart::Request => plan.select(kept_plan::request).get_result(connection),
        PlanPart::Results => plan.select(kept_plan::results).get_result(connection),
    }
    .optional()?;
    Ok(found.map(Arc::from))
}

/// Forgets plans that were made before that time, at most so many.
pub(crate) fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    at_most: u32,
) -> Result<u64, Failure> {
    let old: Vec<(i32, Vec<u8>)> = kept_plan::table
        .filter(kept_plan::created_at.lt(before.micros()))
        .order(kept_plan::created_at)
        .limit(i64::from(at_most))
        .select((kept_plan::organization_id, kept_plan::key))
        .load(connection)?;
    let mut forgotten = 0;
    for (organization, key) in old {
        diesel::delete(kept_plan::table.find((organization, key))).execute(connection)?;
        forgotten += 1;
    }
    Ok(forgotten)
}

/// Forgets the plans that name one of these contacts, or whose application does.
pub(in crate::statements) fn erase(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contacts: &[ContactId],
) -> Result<(), Failure> {
    sql_query(
        "DELETE FROM kept_plan
          WHERE organization_id = ?
            AND EXISTS (
                SELECT 1 FROM (
                    SELECT kept_plan.contacts AS named
                    UNION ALL
                    SELECT contacts FROM kept_answer
                     WHERE kept_answer.organization_id = kept_plan.organization_id
                       AND kept_answer.key = kept_plan.key), json_each(named) AS shown
                 WHERE shown.value IN (SELECT value FROM json_each(?)))",
    )
    .bind::<Integer, _>(organization.get())
    .bind::<Text, _>(ids(contacts))
    .execute(connection)?;
    Ok(())
}
