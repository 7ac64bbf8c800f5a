//! `GET /metrics`: what the server does, for Prometheus.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::probes::METRICS;
use crate::problem::Problem;
use crate::state::AppState;
use crate::telemetry::metrics::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_metrics))
}

/// What the server does
///
/// Requests, items and violations, durations, and what is held and waits, in the format `OpenMetrics`.
/// No label names an organization, a token or a contact. It needs no token, and may be served at an
/// address of its own alone (`--metrics-listen`).
#[utoipa::path(
    get,
    path = METRICS,
    tag = "operation",
    security(()),
    responses((
        status = OK,
        description = "Numbers for Prometheus.",
        body = str,
        content_type = "application/openmetrics-text",
        example = "# EOF\n",
    ))
)]
async fn show_metrics(State(metrics): State<Arc<Metrics>>) -> Result<Response, Problem> {
    let mut response = Response::new(Body::from(metrics.encode().map_err(Problem::internal)?));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    Ok(response)
}
