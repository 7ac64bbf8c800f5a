//! `GET /v1/runs/{id}/changes`: what a run did to each contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::ledger::{PageSize, RecordedChange};
use serde::Serialize;
use utoipa::ToSchema;

use super::run_path::{RunPath, unknown};
use crate::openapi::{CallHeaders, RunProblems};
use crate::problem::Problem;
use crate::reply::json;
use crate::request::authorized::{Authorized, Read};
use crate::request::contact_id::parse;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::parameters::Parameters;

/// How many changes a page has without `limit`.
const DEFAULT_LIMIT: u32 = 100;

/// The most bytes that are read for a page.
const PAGE_BYTES: usize = 16 << 20;

/// The parameters of a list of changes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct RunChangesParams {
    /// Only the changes of contacts after that one: the last one of the page before.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    after: Option<i64>,
    /// The most changes of a page; 100 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A page of changes.
#[derive(Serialize, ToSchema)]
pub(super) struct RunChangesBody {
    /// The changes, lowest contacts first.
    items: Vec<RunChangeBody>,
}

/// What a run did to a contact.
#[derive(Serialize, ToSchema)]
struct RunChangeBody {
    /// The contact.
    id: i64,
    /// Its version after the change.
    version: i64,
    /// `created`, `updated`, `deleted`, `merged` or `restored`.
    change: &'static str,
}

impl From<&RecordedChange> for RunChangeBody {
    fn from(change: &RecordedChange) -> Self {
        let RecordedChange { contact, version, kind, .. } = change;
        Self { id: contact.get(), version: version.get(), change: kind.as_str() }
    }
}

/// What a run changed
///
/// The contacts that it changed, lowest ids first. The history of a contact has the fields.
#[utoipa::path(
    get,
    path = "/v1/runs/{id}/changes",
    tag = "native",
    operation_id = "listRunChanges",
    params(CallHeaders, RunPath, RunChangesParams),
    responses(
        (
            status = OK,
            description = "The changes.",
            body = RunChangesBody,
            example = json!({"items": [{"id": 7, "version": 2, "change": "updated"}]}),
        ),
        RunProblems,
    ),
)]
pub(super) async fn list_run_changes(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    RunPath(id): RunPath,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let after =
        parameters.take("after", |id| parse(id).ok_or_else(|| "the id of a contact".to_owned()))?;
    let limit = parameters.whole("limit", 1..=1_000)?;
    parameters.end()?;
    let items = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    services.read_ledger.run(&caller, id).await?.ok_or_else(unknown)?;
    let size = PageSize { items, bytes: PAGE_BYTES };
    let changes =
        timed(Step::Store, services.read_ledger.changes(&caller, id, after, size)).await?;
    let body = RunChangesBody { items: changes.iter().map(RunChangeBody::from).collect() };
    Ok(json(serde_json::to_string(&body).map_err(Problem::internal)?))
}
