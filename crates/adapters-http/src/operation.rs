//! For the operator of the server: whether it lives and can write, and what it does.

pub(crate) mod cors;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod pages;
pub(crate) mod probes;
pub(crate) mod readiness;
pub(crate) mod readiness_check;

use utoipa_axum::router::OpenApiRouter;

use crate::openapi;
use crate::state::AppState;

/// The routes that need no token, but for the metrics.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    health::routes().merge(readiness::routes()).merge(pages::routes()).merge(openapi::routes())
}
