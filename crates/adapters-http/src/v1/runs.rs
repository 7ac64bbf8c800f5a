//! Runs: what requests changed, `/v1/runs`.

mod changes;
mod get;
mod list;
mod run_body;
mod run_path;
mod undo;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) use run_body::RunBody;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_runs))
        .routes(routes!(get::get_run))
        .routes(routes!(changes::list_run_changes))
        .routes(routes!(undo::undo_run))
}
