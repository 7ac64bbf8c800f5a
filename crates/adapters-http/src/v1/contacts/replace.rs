//! `PUT /v1/contacts/{id}`: replaces one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::upsert::{Item, Mode};

use super::answer::answer;
use super::change::{Change, expected, text};
use crate::openapi::{
    ContactDocumentSchema, StoredContactSchema, WritingHeaders, WritingProblems, examples,
};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;
use crate::v1::parameters::NoParameters;

/// Replace one contact
///
/// The contact has what is sent, and nothing else. Its type and ids stay, and so does the block
/// `staff` if the token may not write it, or may not read it and sends none. Elements of arrays keep
/// their ids as in a batch.
#[utoipa::path(
    put,
    path = "/v1/contacts/{id}",
    tag = "native",
    operation_id = "replaceContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    request_body(
        content = ContactDocumentSchema,
        content_type = "application/json",
        description = "At most 1 MiB.",
        example = json!(examples::new_contact()),
    ),
    responses(
        (
            status = OK,
            description = "The contact, right after it was replaced.",
            body = StoredContactSchema,
            headers(
                ("ETag" = String, description = "The version, as `\"7\"`."),
                ("Contact-Hub-Warnings" = usize, description = "How many warnings there are."),
            ),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn replace(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    if_match: IfMatch,
    preferences: Preferences,
    SingleUpload(body, room): SingleUpload,
    once: Once,
) -> Result<Response, Problem> {
    let version = expected(&services, &caller, id, if_match).await?;
    let mode = Mode::Update;
    let (services, caller, room, once) = (&*services, &caller, &room, &once);
    let change = Change { services, caller, room, preferences, mode, once };
    let read =
        move |text: &str, context: &_| Item::read(text, context).about(id, version).to_replace();
    let outcome = change.apply(text(body)?, read).await?;
    answer(services, caller, preferences, Some(id), &outcome).await
}
