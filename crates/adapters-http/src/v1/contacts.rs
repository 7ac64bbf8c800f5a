//! One contact and many, `/v1/contacts`.

mod answer;
mod archive;
mod change;
mod create;
mod delete;
mod delete_many;
mod get;
mod list;
mod merge;
mod patch;
mod replace;
mod restore;
mod stored;
mod unarchive;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::list::ContactSort;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, patch::patch, replace::replace, delete::delete))
        .routes(routes!(restore::restore))
        .routes(routes!(archive::archive))
        .routes(routes!(unarchive::unarchive))
        .routes(routes!(merge::merge))
        .routes(routes!(delete_many::delete_many))
}

/// The route whose answer may also be lines.
pub(super) fn export() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::export::export))
}
