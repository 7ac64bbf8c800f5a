//! `GET /api-v1/contact/{type}/{id}/deleted`: one deleted contact.

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::Caller;

use super::contact_path::ContactPath;
use crate::openapi::{CallHeaders, ContactDocumentSchema, ContactPathParams, ContactProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// One deleted contact
///
/// The whole contact as it was when it was deleted. A living one is not found here.
#[utoipa::path(
    get,
    path = "/api-v1/contact/{type}/{id}/deleted",
    tag = "ERP",
    operation_id = "getDeletedContact",
    params(CallHeaders, ContactPathParams),
    responses(
        (
            status = OK,
            description = "The deleted contact.",
            body = ContactDocumentSchema,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        ContactProblems,
    ),
)]
pub(super) async fn get_deleted_contact(
    State(state): State<AppState>,
    caller: Caller,
    path: ContactPath,
) -> Result<Response, Problem> {
    caller.require(Scope::Read)?;
    path.show(&state, &caller, Lifecycle::Deleted).await
}
