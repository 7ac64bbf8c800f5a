//! `DELETE /contacts/items/{uid}`: deletes one item.

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::{Caller, EntryKey};

use super::paths::{CANONICAL_PREFIX, ITEM};
use super::refusal::was_there;
use super::uid::Uid;
use crate::answer::json;
use crate::openapi::{CallHeaders, DeviceItemPath, DeviceProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// Delete an item
///
/// Deletes a contact that is nothing but an entry of the directory; from a person or organization it
/// takes the entry and the link id, and leaves the contact.
///
/// Also `/contacts/{uid}`.
#[utoipa::path(
    delete,
    context_path = CANONICAL_PREFIX,
    path = ITEM,
    tag = "Device",
    operation_id = "deleteContact",
    params(CallHeaders, DeviceItemPath),
    responses(
        (
            status = OK,
            description = "The item is deleted.",
            body = Object,
            headers(("x-request-id" = String, description = "The id of the request.")),
            example = json!({}),
        ),
        DeviceProblems,
    ),
)]
pub(super) async fn delete_item(
    State(state): State<AppState>,
    caller: Caller,
    uid: Uid,
) -> Result<Response, Problem> {
    caller.require(Scope::Delete)?;
    let id = uid.require()?;
    let key = EntryKey::Id(id.get());
    let outcomes = state.services.unlink_contacts.execute(&caller, &[key]).await?;
    for outcome in &outcomes {
        if !was_there(outcome)? {
            return Err(Uid::unknown());
        }
    }
    Ok(json("{}"))
}
