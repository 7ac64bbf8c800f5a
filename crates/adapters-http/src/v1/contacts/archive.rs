//! `POST /v1/contacts/{id}/archive`: archives a contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::ContactId;
use contacts_domain::upsert::{Item, Mode};

use super::answer::answer;
use super::change::{Change, expected};
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
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    if_match: IfMatch,
    preferences: Preferences,
    room: Room,
    once: Once,
) -> Result<Response, Problem> {
    let (services, caller, room, once) = (&*services, &caller, &room, &once);
    let change = Change { services, caller, room, preferences, mode: Mode::Update, once };
    set_archived(&change, id, if_match, true).await
}

/// Archives a contact, or takes it back.
pub(super) async fn set_archived(
    change: &Change<'_>,
    id: ContactId,
    if_match: IfMatch,
    archived: bool,
) -> Result<Response, Problem> {
    let Change { services, caller, preferences, .. } = *change;
    let version = expected(services, caller, id, if_match).await?;
    let read = move |text: &str, context: &_| Item::read(text, context).about(id, version);
    let outcome = change.apply(format!("{{\"archived\":{archived}}}"), read).await?;
    answer(services, caller, preferences, Some(id), &outcome).await
}
