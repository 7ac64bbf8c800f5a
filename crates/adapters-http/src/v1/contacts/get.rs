//! `GET /v1/contacts/{id}`: one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::stored::living;
use crate::openapi::{CallHeaders, ContactProblems, StoredContactSchema, examples};
use crate::problem::{Problem, not_modified};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Read};
use crate::request::contact_id::ContactIdPath;
use crate::state::Services;
use crate::v1::contact_body::contact_body;
use crate::v1::entity_tag::{IfNoneMatch, tagged};
use crate::v1::parameters::NoParameters;

/// One contact
///
/// The whole contact, also of type ENDPOINT, with its version as `ETag`. A contact that was merged
/// is 404, and `mergedInto` names the one that stayed.
#[utoipa::path(
    get,
    path = "/v1/contacts/{id}",
    tag = "native",
    operation_id = "readContact",
    params(CallHeaders, ContactIdPath, IfNoneMatch),
    responses(
        (
            status = OK,
            description = "The contact.",
            body = StoredContactSchema,
            headers(("ETag" = String, description = "The version, as `\"7\"`.")),
            example = json!(examples::stored_contact()),
        ),
        (status = NOT_MODIFIED, description = "The client has this version."),
        ContactProblems,
    ),
)]
pub(super) async fn get(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    IfNoneMatch(known): IfNoneMatch,
) -> Result<Response, Problem> {
    let record = living(&services, &caller, id).await?;
    if known.is_some_and(|known| known.include(record.version)) {
        return Ok(tagged(not_modified(), record.version));
    }
    let body = contact_body(&record, Redaction::of(caller.scopes))?;
    Ok(tagged(json(body), record.version))
}
