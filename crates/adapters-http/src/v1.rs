//! The native API, `/v1`.

mod accept;
mod batch;
pub(crate) mod change_body;
pub(crate) mod changes;
pub(crate) mod contact_body;
pub(crate) mod contacts;
mod entity_tag;
mod history;
mod organization;
pub(crate) mod parameters;
mod plans;
mod runs;
pub(crate) mod violation_body;
pub(crate) mod word;

use axum::middleware;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::batch::StillSending;
use crate::state::AppState;

/// The routes of the API.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(contacts::routes())
        .merge(organization::routes())
        .merge(changes::routes())
        .merge(history::routes())
        .merge(runs::routes())
        .merge(plans::routes())
        .route_layer(middleware::from_fn(accept::require_json))
        // These also answer with lines.
        .routes(routes!(batch::upsert))
        .merge(contacts::export())
}
