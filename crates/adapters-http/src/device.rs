//! The device contract, `/api/v0` and `/api/v1`: intercom monitors and their management servers
//! keep the directory of an intercom with it. To be met exactly.
//!
//! It is another front door to the same contacts: an item is the `intercom` block and the link id
//! of a contact, and the same rules decide about it.

mod create_item;
mod delete_item;
mod delete_items;
mod faults;
mod filter;
mod get_item;
mod item_body;
mod item_reply;
mod item_text;
mod list_body;
mod list_items;
mod list_query;
mod paths;
mod refusal;
mod result_reply;
mod uid;
mod update_item;
mod upsert_items;

use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use paths::is_at;
pub use paths::{DEVICE_PATHS, DEVICE_PREFIXES, DeviceOperation, DevicePath};

use crate::state::AppState;

/// The routes of the contract: those of the table, under each prefix.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    let described = OpenApiRouter::with_openapi(described().into_openapi());
    DEVICE_PREFIXES.iter().fold(described, |routes, prefix| {
        DEVICE_PATHS.iter().fold(routes, |routes, DevicePath { operation, methods, path }| {
            methods.iter().fold(routes, |routes, method| {
                // Every method of the table has a filter.
                let Ok(filter) = MethodFilter::try_from(method.clone()) else { return routes };
                routes.route(&format!("{prefix}{path}"), route(*operation, filter))
            })
        })
    })
}

/// The operations with their descriptions, each at the one path that is described.
fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upsert_items::upsert_items))
        .routes(routes!(delete_items::delete_items))
        .routes(routes!(list_items::list_items))
        .routes(routes!(create_item::create_item))
        .routes(routes!(get_item::get_item))
        .routes(routes!(update_item::update_item))
        .routes(routes!(delete_item::delete_item))
}

fn route(operation: DeviceOperation, methods: MethodFilter) -> MethodRouter<AppState> {
    match operation {
        DeviceOperation::UpsertItems => on(methods, upsert_items::upsert_items),
        DeviceOperation::DeleteItems => on(methods, delete_items::delete_items),
        DeviceOperation::ListItems => on(methods, list_items::list_items),
        DeviceOperation::CreateItem => on(methods, create_item::create_item),
        DeviceOperation::GetItem => on(methods, get_item::get_item),
        DeviceOperation::UpdateItem => on(methods, update_item::update_item),
        DeviceOperation::DeleteItem => on(methods, delete_item::delete_item),
    }
}
