//! The change feed, `/v1/contacts/changes`.

pub(super) mod feed_token;
mod feeds;
mod list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use feeds::Feeds;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list_changes))
}
