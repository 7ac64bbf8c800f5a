//! `GET /api-v1/contact/{type}/{id}/deleted`: one deleted contact.

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
            example = json!(examples::contact()),
        ),
        ContactProblems,
    ),
)]
pub(super) async fn get_deleted_contact(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    path: ContactPath,
) -> Result<Response, Problem> {
    path.show(&services, &caller, Lifecycle::Deleted).await
}
