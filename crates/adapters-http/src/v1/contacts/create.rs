//! `POST /v1/contacts`: creates one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::upsert::{Item, Mode};

use super::answer::answer;
use super::change::{Change, text};
use crate::openapi::{
    ContactDocumentSchema, StoredContactSchema, WritingHeaders, WritingProblems, examples,
};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::parameters::NoParameters;

/// Create one contact
///
/// Creates the contact. One that has a key of it already is 409, and `id` names it.
#[utoipa::path(
    post,
    path = "/v1/contacts",
    tag = "native",
    operation_id = "addContact",
    params(WritingHeaders),
    request_body(
        content = ContactDocumentSchema,
        content_type = "application/json",
        description = "At most 1 MiB.",
        example = json!(examples::new_contact()),
    ),
    responses(
        (
            status = CREATED,
            description = "The contact, right after it was created.",
            body = StoredContactSchema,
            headers(
                ("Location" = String, description = "The path of the contact; absent in a dry run."),
                ("ETag" = String, description = "The version, as `\"7\"`."),
                ("Contact-Hub-Warnings" = usize, description = "How many warnings there are."),
            ),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn create(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    _: NoParameters,
    preferences: Preferences,
    SingleUpload(body, room): SingleUpload,
    once: Once,
) -> Result<Response, Problem> {
    let mode = Mode::Create;
    let (services, caller, room, once) = (&*services, &caller, &room, &once);
    let change = Change { services, caller, room, preferences, mode, once };
    let outcome = change.apply(text(body)?, Item::read).await?;
    answer(services, caller, preferences, None, &outcome).await
}
