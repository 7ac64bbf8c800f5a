//! `DELETE /v1/contacts/plans/{id}`: forgets a plan.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::plan_path::{PlanPath, unknown};
use crate::openapi::{DryRunHeaders, PlanProblems};
use crate::problem::{Problem, no_content};
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::parameters::Parameters;

/// Forget a plan
///
/// It can be applied no more. What it has done stays.
#[utoipa::path(
    delete,
    path = "/v1/contacts/plans/{id}",
    tag = "native",
    operation_id = "deletePlan",
    params(DryRunHeaders, PlanPath),
    responses((status = NO_CONTENT, description = "The plan is forgotten."), PlanProblems),
)]
pub(super) async fn delete_plan(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    plan: PlanPath,
    preferences: Preferences,
    parameters: Parameters,
    once: Once,
) -> Result<Response, Problem> {
    parameters.end()?;
    let plans = &services.keep_plans;
    timed(Step::Store, plans.find(&caller, plan.key())).await?.ok_or_else(unknown)?;
    let reply = move || preferences.dry_run_alone().note(no_content());
    if !preferences.dry_run {
        let keeping = once.keeping(move |(): &()| Ok(reply()));
        if !plans.delete(&caller, plan.key(), keeping).await? {
            return Err(unknown());
        }
    }
    Ok(reply())
}
