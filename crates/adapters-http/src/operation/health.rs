//! `GET /healthz`: whether the process answers.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::probes::HEALTH;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(is_alive))
}

/// Is the process alive?
///
/// Says nothing about the database and needs no token.
#[utoipa::path(
    get,
    path = HEALTH,
    tag = "operation",
    security(()),
    responses((status = OK, description = "The process is alive.", body = str, example = "ok"))
)]
async fn is_alive() -> &'static str {
    "ok"
}
