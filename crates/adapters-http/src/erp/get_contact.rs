//! `GET /api-v1/contact/{type}/{id}`: one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::ports::Lifecycle;

use super::contact_path::ContactPath;
use crate::openapi::{
    CallHeaders, ContactDocumentSchema, ContactPathParams, ContactProblems, examples,
};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Read};
use crate::state::Services;

/// One contact
///
/// The whole contact, as in `freshData`.
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
            example = json!(examples::contact()),
        ),
        ContactProblems,
    ),
)]
pub(super) async fn get_contact(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    path: ContactPath,
) -> Result<Response, Problem> {
    path.show(&services, &caller, Lifecycle::Living).await
}
