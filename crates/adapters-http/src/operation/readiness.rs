//! `GET /readyz`: whether the server can write.

use std::sync::Arc;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::probes::READINESS;
use super::readiness_check::Readiness;
use crate::openapi::ReadinessProblems;
use crate::problem::Problem;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(is_ready))
}

/// Can the server write?
///
/// Goes the way of a write, at most once a second. 503 while writes would be: the database is away,
/// read-only or full, its file was replaced, or another release has changed its schema. The log says
/// why. It needs no token.
#[utoipa::path(
    get,
    path = READINESS,
    tag = "operation",
    security(()),
    responses(
        (status = OK, description = "The server can write.", body = str, example = "ok"),
        ReadinessProblems,
    )
)]
async fn is_ready(State(readiness): State<Arc<Readiness>>) -> Result<&'static str, Problem> {
    match readiness.check().await {
        Ok(()) => Ok("ok"),
        Err(error) => Err(Problem::unavailable(Some(error.into()))),
    }
}
