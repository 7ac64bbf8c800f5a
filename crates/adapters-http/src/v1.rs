//! The native API, `/v1`.

#![allow(dead_code, reason = "the endpoints that use all of this follow")]

mod contact_body;
mod contacts;
mod entity_tag;
pub(crate) mod parameters;
pub(crate) mod violation_body;
pub(crate) mod word;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The routes of the API.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    contacts::routes()
}
