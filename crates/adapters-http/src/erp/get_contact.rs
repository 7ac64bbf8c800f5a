//! `GET /api-v1/contact/{type}/{id}`: one contact.

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::Caller;

use super::contact_path::ContactPath;
use crate::openapi::{CallHeaders, ContactDocumentSchema, ContactPathParams, ContactProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// One contact
///
/// The whole contact, in the shape of `freshData`.
#[utoipa::path(
    get,
    path = "/api-v1/contact/{type}/{id}",
    tag = "ERP",
    operation_id = "getContact",
    params(CallHeaders, ContactPathParams),
    responses(
        (
            status = OK,
            description = "The contact.",
            body = ContactDocumentSchema,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        ContactProblems,
    ),
)]
pub(super) async fn get_contact(
    State(state): State<AppState>,
    caller: Caller,
    path: ContactPath,
) -> Result<Response, Problem> {
    caller.require(Scope::Read)?;
    path.show(&state, &caller, Lifecycle::Living).await
}
