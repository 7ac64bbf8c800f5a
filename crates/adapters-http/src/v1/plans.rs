//! Plans: dry runs that are kept, reviewed and applied, `/v1/contacts/plans`.

mod apply;
mod create;
mod delete;
mod get;
mod items;
mod kept_request;
mod kept_results;
mod plan_body;
mod plan_path;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create_plan))
        .routes(routes!(get::get_plan, delete::delete_plan))
        .routes(routes!(items::list_plan_items))
        .routes(routes!(apply::apply_plan))
}
