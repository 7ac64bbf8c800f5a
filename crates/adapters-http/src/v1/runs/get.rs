//! `GET /v1/runs/{id}`: one run.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::run_body::RunBody;
use super::run_path::{RunPath, unknown};
use crate::openapi::{CallHeaders, RunProblems, examples};
use crate::problem::Problem;
use crate::reply::json;
use crate::request::authorized::{Authorized, Read};
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::parameters::Parameters;

/// One run
///
/// Who asked for it, when, and how many contacts it changed.
#[utoipa::path(
    get,
    path = "/v1/runs/{id}",
    tag = "native",
    operation_id = "getRun",
    params(CallHeaders, RunPath),
    responses(
        (
            status = OK,
            description = "The run.",
            body = RunBody,
            example = json!(examples::run()),
        ),
        RunProblems,
    ),
)]
pub(super) async fn get_run(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    RunPath(id): RunPath,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.end()?;
    let run =
        timed(Step::Store, services.read_ledger.run(&caller, id)).await?.ok_or_else(unknown)?;
    Ok(json(serde_json::to_string(&RunBody::from(&run)).map_err(Problem::internal)?))
}
