//! `GET /healthz`: whether the process answers.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The path, which is asked every few seconds.
pub(crate) const PATH: &str = "/healthz";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(is_alive))
}

/// Is the process alive?
///
/// Says nothing about the database and needs no token.
#[utoipa::path(
    get,
    path = PATH,
    tag = "operation",
    security(()),
    responses((status = OK, description = "The process is alive.", body = str, example = "ok"))
)]
async fn is_alive() -> &'static str {
    "ok"
}
