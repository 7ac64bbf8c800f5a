//! `GET /v1/contacts/plans/{id}`: a plan as a whole.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::plan_body::PlanBody;
use super::plan_path::{PlanPath, unknown};
use crate::openapi::{CallHeaders, PlanProblems, examples};
use crate::problem::Problem;
use crate::reply::to_json;
use crate::request::authorized::{Authorized, Read};
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::parameters::Parameters;

/// A plan
///
/// How many items would end in which way, and in which they did, if the plan was applied.
#[utoipa::path(
    get,
    path = "/v1/contacts/plans/{id}",
    tag = "native",
    operation_id = "getPlan",
    params(CallHeaders, PlanPath),
    responses(
        (
            status = OK,
            description = "The plan.",
            body = PlanBody,
            example = json!(examples::plan()),
        ),
        PlanProblems,
    ),
)]
pub(super) async fn get_plan(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    plan: PlanPath,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.end()?;
    let found = timed(Step::Store, services.keep_plans.find(&caller, plan.key()))
        .await?
        .ok_or_else(unknown)?;
    let application = services.keep_plans.application(&caller, plan.key()).await?;
    to_json(&PlanBody::of(&found, application.as_ref())?)
}
