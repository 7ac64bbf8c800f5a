//! `POST /v1/contacts/{id}/archive`: archives a contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Caller;
use contacts_domain::ContactId;
use contacts_domain::upsert::{Item, Mode};

use super::answer::answer;
use super::change::{Change, expected};
use crate::limits::Room;
use crate::openapi::{StoredContactSchema, WritingHeaders, WritingProblems, examples};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::contact_id::ContactIdPath;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;

/// Archive a contact
///
/// The contact is put aside: it keeps its keys, is still matched, and is shown as archived.
#[utoipa::path(
    post,
    path = "/v1/contacts/{id}/archive",
    tag = "native",
    operation_id = "archiveContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    responses(
        (
            status = OK,
            description = "The contact, archived.",
            body = StoredContactSchema,
            headers(("ETag" = String, description = "The version, as `\"7\"`.")),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn archive(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    ContactIdPath(id): ContactIdPath,
    if_match: IfMatch,
    preferences: Preferences,
    room: Room,
) -> Result<Response, Problem> {
    set_archived(&services, &caller, &room, preferences, (id, if_match), true).await
}

/// Archives a contact, or takes it back.
pub(super) async fn set_archived(
    services: &Services,
    caller: &Caller,
    room: &Room,
    preferences: Preferences,
    (id, if_match): (ContactId, IfMatch),
    archived: bool,
) -> Result<Response, Problem> {
    let version = expected(services, caller, id, if_match).await?;
    let change = Change { services, caller, room, preferences, mode: Mode::Update };
    let read = move |text: &str, context: &_| Item::read(text, context).about(id, version);
    let outcome = change.apply(format!("{{\"archived\":{archived}}}"), read).await?;
    answer(services, caller, preferences, Some(id), &outcome).await
}
