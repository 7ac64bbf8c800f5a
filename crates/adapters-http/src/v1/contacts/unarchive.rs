//! `POST /v1/contacts/{id}/unarchive`: takes a contact out of the archive.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::upsert::Mode;

use super::archive::set_archived;
use super::change::Change;
use crate::limits::Room;
use crate::openapi::{StoredContactSchema, WritingHeaders, WritingProblems, examples};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;
use crate::v1::parameters::NoParameters;

/// Take a contact out of the archive
///
/// The contact is no longer put aside.
#[utoipa::path(
    post,
    path = "/v1/contacts/{id}/unarchive",
    tag = "native",
    operation_id = "unarchiveContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    responses(
        (
            status = OK,
            description = "The contact.",
            body = StoredContactSchema,
            headers(("ETag" = String, description = "The version, as `\"7\"`.")),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn unarchive(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    if_match: IfMatch,
    preferences: Preferences,
    room: Room,
    once: Once,
) -> Result<Response, Problem> {
    let (services, caller, room, once) = (&*services, &caller, &room, &once);
    let change = Change { services, caller, room, preferences, mode: Mode::Update, once };
    set_archived(&change, id, if_match, false).await
}
