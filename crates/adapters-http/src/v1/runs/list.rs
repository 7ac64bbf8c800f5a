//! `GET /v1/runs`: the runs, the last one first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::run_body::RunBody;
use super::run_path::parse;
use crate::openapi::{CallHeaders, RunProblems, examples};
use crate::problem::Problem;
use crate::reply::json;
use crate::request::authorized::{Authorized, Read};
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::parameters::Parameters;

/// How many runs a page has without `limit`.
const DEFAULT_LIMIT: u32 = 50;

/// The parameters of a list of runs.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct RunsParams {
    /// Only the runs before that one: the last one of the page before.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    before: Option<i64>,
    /// The most runs of a page; 50 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A page of runs.
#[derive(Serialize, ToSchema)]
pub(super) struct RunsBody {
    /// The runs, the last one first.
    items: Vec<RunBody>,
}

/// The runs
///
/// Every request that changed contacts, through any API, the last one first. A request that changed
/// nothing makes no run.
#[utoipa::path(
    get,
    path = "/v1/runs",
    tag = "native",
    operation_id = "listRuns",
    params(CallHeaders, RunsParams),
    responses(
        (
            status = OK,
            description = "The runs.",
            body = RunsBody,
            example = json!({"items": [examples::run()]}),
        ),
        RunProblems,
    ),
)]
pub(super) async fn list_runs(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let before =
        parameters.take("before", |id| parse(id).ok_or_else(|| "the id of a run".to_owned()))?;
    let limit = parameters.whole("limit", 1..=1_000)?;
    parameters.end()?;
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let runs = timed(Step::Store, services.read_ledger.runs(&caller, before, limit)).await?;
    let body = RunsBody { items: runs.iter().map(RunBody::from).collect() };
    Ok(json(serde_json::to_string(&body).map_err(Problem::internal)?))
}
