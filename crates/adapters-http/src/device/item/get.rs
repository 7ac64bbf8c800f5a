//! `GET /contacts/items/{uid}`: one item.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::reply::ItemReply;
use super::uid::Uid;
use crate::device::faults::Faults;
use crate::device::paths::ITEM;
use crate::openapi::{CallHeaders, DeviceItemPath, DeviceProblems};
use crate::problem::Problem;
use crate::reply::to_json;
use crate::request::authorized::{Authorized, Read};
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

/// One item
///
/// Also `/contacts/{uid}`.
#[utoipa::path(
    get,
    path = ITEM,
    tag = "Device",
    operation_id = "getContactItem",
    params(CallHeaders, DeviceItemPath),
    responses(
        (
            status = OK,
            description = "The item.",
            body = ItemReply,
        ),
        DeviceProblems,
    ),
)]
pub(crate) async fn get_item(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    Uid(id): Uid,
) -> Result<Response, Problem> {
    let found = timed(Step::Store, services.get_entry.execute(&caller, id)).await?;
    let entry = found.ok_or_else(Faults::unknown_uid)?;
    to_json(&ItemReply::of(id, entry))
}
