//! `GET /contacts/items`: a page of the list.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::query::{ListParams, ListQuery};
use crate::device::item::reply::ItemReply;
use crate::device::paths::ITEMS;
use crate::openapi::{CallHeaders, DeviceProblems};
use crate::problem::Problem;
use crate::reply::to_json;
use crate::request::authorized::{Authorized, Read};
use crate::request::list_turn::ListTurn;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceList, example = json!({
    "list_items": [{
        "link_id": "91c615e3-1040-4815-8ecb-039a18b756b2",
        "name": "Entrance panel",
        "type": "multi",
        "number": "0001-01-01",
        "is_favorite": false,
        "auto_answer": false,
        "in_black_list": false,
        "is_p2p": false,
        "ringtone": "ring1.wav",
        "item_uid": 42,
    }],
    "list_option": { "pagination": {
        "total_items": 1, "items_limit": 10, "total_pages": 1, "current_page": 1,
    } },
}))]
struct ListReply {
    /// The items of the page; none beyond the last page.
    list_items: Vec<ItemReply>,
    /// The options of the list.
    list_option: ListOptionReply,
}

/// The options of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceListOption)]
struct ListOptionReply {
    /// The position of the page in the list.
    pagination: PaginationReply,
}

/// The position of the page in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DevicePagination)]
struct PaginationReply {
    /// How many items there are on all pages.
    total_items: u64,
    /// How many items a page has.
    items_limit: u32,
    /// How many pages there are; 0 where there are no items.
    total_pages: u64,
    /// The page, as asked for.
    current_page: u64,
}

/// List the items
///
/// Persons and organizations that are entries of the directory are among them.
///
/// Also `/contacts`.
#[utoipa::path(
    get,
    path = ITEMS,
    tag = "Device",
    operation_id = "listContacts",
    params(CallHeaders, ListParams),
    responses(
        (
            status = OK,
            description = "The page, also where it lies beyond the last one.",
            body = ListReply,
            links(
                ("firstItem" = (
                    operation_id = "getContactItem",
                    parameters(("uid" = "$response.body#/list_items/0/item_uid")),
                )),
            ),
        ),
        DeviceProblems,
    ),
)]
pub(crate) async fn list_items(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    _turn: ListTurn,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = ListQuery::read(uri.query().unwrap_or_default())?;
    let (limit, page) = (query.limit, query.page);
    let found =
        timed(Step::Store, services.list_entries.execute(&caller, &query.into_entries())).await?;
    to_json(&ListReply {
        list_items: found.entries.into_iter().map(|(id, entry)| ItemReply::of(id, entry)).collect(),
        list_option: ListOptionReply {
            pagination: PaginationReply {
                total_items: found.total,
                items_limit: limit,
                total_pages: found.total.div_ceil(u64::from(limit)),
                current_page: page,
            },
        },
    })
}
