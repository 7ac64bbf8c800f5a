//! The ERP contract, `/api-v1/contact`. A client written against it works unchanged.

mod batch;
mod batch_items;
mod batch_reply;
mod contact_path;
mod fresh_row;
mod get_contact;
mod get_deleted_contact;
mod merging;
mod workflow;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of the contract.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(batch::modify_batch))
        .routes(routes!(get_contact::get_contact))
        .routes(routes!(get_deleted_contact::get_deleted_contact))
        .routes(routes!(merging::merge))
}
