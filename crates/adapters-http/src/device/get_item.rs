//! `GET /contacts/items/{uid}`: one item.

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::Caller;

use super::item_reply::ItemReply;
use super::paths::{CANONICAL_PREFIX, ITEM};
use super::uid::Uid;
use crate::answer::json;
use crate::openapi::{CallHeaders, DeviceItemPath, DeviceProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// One item
///
/// Also `/contacts/{uid}`.
#[utoipa::path(
    get,
    context_path = CANONICAL_PREFIX,
    path = ITEM,
    tag = "Device",
    operation_id = "getContactItem",
    params(CallHeaders, DeviceItemPath),
    responses(
        (
            status = OK,
            description = "The item.",
            body = ItemReply,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        DeviceProblems,
    ),
)]
pub(super) async fn get_item(
    State(state): State<AppState>,
    caller: Caller,
    uid: Uid,
) -> Result<Response, Problem> {
    caller.require(Scope::Read)?;
    let id = uid.require()?;
    let entry = state.services.get_entry.execute(&caller, id).await?.ok_or_else(Uid::unknown)?;
    let body = serde_json::to_vec(&ItemReply::of(id, entry)).map_err(Problem::internal)?;
    Ok(json(body))
}
