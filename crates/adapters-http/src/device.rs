//! The contract of intercom devices, `/api/v0` and `/api/v1`: intercom monitors and their management
//! servers keep the directory of an intercom with it.
//!
//! An item is the `intercom` block and the link id of a contact. The rules of contacts apply to it.

pub(crate) mod aliases;
mod faults;
mod item;
mod items;
pub(crate) mod paths;
mod refusal;

use axum::Router;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::paths::{CANONICAL_PREFIX, DEVICE_PATHS, DeviceOperation, DevicePath};
use crate::state::AppState;

/// The routes of the table, without a prefix.
pub(crate) fn routes() -> Router<AppState> {
    DEVICE_PATHS.iter().fold(Router::new(), |routes, DevicePath { operation, methods, path }| {
        methods.iter().fold(routes, |routes, method| {
            // Every method of the table has a filter.
            let Ok(filter) = MethodFilter::try_from(method.clone()) else { return routes };
            routes.route(path, route(*operation, filter))
        })
    })
}

/// The operations with their descriptions, each at the one path that is described.
pub(crate) fn described() -> OpenApiRouter<AppState> {
    let operations = OpenApiRouter::new()
        .routes(routes!(items::upsert::upsert_items))
        .routes(routes!(items::delete::delete_items))
        .routes(routes!(items::list::list_items))
        .routes(routes!(item::create::create_item))
        .routes(routes!(item::get::get_item))
        .routes(routes!(item::update::update_item))
        .routes(routes!(item::delete::delete_item));
    OpenApiRouter::new().nest(CANONICAL_PREFIX, operations)
}

fn route(operation: DeviceOperation, methods: MethodFilter) -> MethodRouter<AppState> {
    match operation {
        DeviceOperation::UpsertItems => on(methods, items::upsert::upsert_items),
        DeviceOperation::DeleteItems => on(methods, items::delete::delete_items),
        DeviceOperation::ListItems => on(methods, items::list::list_items),
        DeviceOperation::CreateItem => on(methods, item::create::create_item),
        DeviceOperation::GetItem => on(methods, item::get::get_item),
        DeviceOperation::UpdateItem => on(methods, item::update::update_item),
        DeviceOperation::DeleteItem => on(methods, item::delete::delete_item),
    }
}
