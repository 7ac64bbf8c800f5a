//! `PATCH /v1/contacts/{id}`: changes one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::json_patch::{self, JsonPatchError};
use contacts_domain::upsert::{Item, Mode, Outcome, Verdict};
use contacts_domain::{ContactId, Version};

use super::answer::answer;
use super::change::{Change, expected, stale, text};
use super::stored::living;
use crate::openapi::{
    ContactDocumentSchema, StoredContactSchema, WritingHeaders, WritingProblems, examples,
};
use crate::problem::{Kind, Problem};
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Write};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::json_upload::PatchUpload;
use crate::request::media_type::JSON_PATCH;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::contact_body::contact_body;
use crate::v1::entity_tag::IfMatch;
use crate::v1::parameters::NoParameters;

/// How often a JSON Patch is applied anew to a contact that changes meanwhile.
const MAX_OVERTAKEN: usize = 5;

/// The members by which a contact is named: no patch changes them.
const FIXED: [&str; 2] = ["id", "contactId"];

/// Change one contact
///
/// By a merge patch (RFC 7396): a member that is absent keeps what is stored, `null` clears it, a
/// value sets it, and arrays are merged as in a batch. Or by a JSON Patch (RFC 6902) of the contact as
/// it is shown; a `test` that fails is 409, a place that is not there 422.
#[utoipa::path(
    patch,
    path = "/v1/contacts/{id}",
    tag = "native",
    operation_id = "patchContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    request_body(
        content(
            (ContactDocumentSchema = "application/merge-patch+json", example = json!({ "phone": null })),
            (
                // Without a schema: openapi-python-client 0.26 generates code for a list among several
                // bodies that fails when it runs.
                "application/json-patch+json",
                example = json!([{ "op": "replace", "path": "/lastName", "value": "Rochat" }]),
            ),
        ),
        description = "At most 1 MiB; a JSON Patch has at most 1,000 operations.",
    ),
    responses(
        (
            status = OK,
            description = "The contact, right after it was changed.",
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
pub(super) async fn patch(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    if_match: IfMatch,
    preferences: Preferences,
    PatchUpload { media_type, body, room }: PatchUpload,
    once: Once,
) -> Result<Response, Problem> {
    let version = expected(&services, &caller, id, if_match).await?;
    let mode = Mode::Update;
    let (services, caller, room, once) = (&*services, &caller, &room, &once);
    let change = Change { services, caller, room, preferences, mode, once };
    let text = text(body)?;
    let outcome = match media_type == JSON_PATCH {
        true => by_json_patch(&change, id, version, &text).await?,
        false => {
            let read = move |text: &str, context: &_| Item::read(text, context).about(id, version);
            change.apply(text, read).await?
        }
    };
    answer(services, caller, preferences, Some(id), &outcome).await
}

/// Applies a JSON Patch to the contact as the caller sees it, and replaces the contact by what comes
/// out. If it has changed meanwhile, the patch is applied to what it is then.
async fn by_json_patch(
    change: &Change<'_>,
    id: ContactId,
    version: Option<Version>,
    patch: &str,
) -> Result<Outcome, Problem> {
    let mut overtaken = 0;
    loop {
        let record = living(change.services, change.caller, id).await?;
        if version.is_some_and(|version| version != record.version) {
            return Err(stale(record.version));
        }
        let shown = contact_body(&record, Redaction::of(change.caller.scopes))?;
        let shown = String::from_utf8(shown).map_err(Problem::internal)?;
        let patched = json_patch::apply(&shown, patch, &FIXED).map_err(|error| refused(&error))?;
        let read_version = record.version;
        let read = move |text: &str, context: &_| {
            Item::read(text, context).about(id, Some(read_version)).to_replace()
        };
        let outcome = change.apply(patched, read).await?;
        overtaken += 1;
        let may_try_again = version.is_none() && overtaken < MAX_OVERTAKEN;
        if outcome.verdict != Verdict::Stale || !may_try_again {
            return Ok(outcome);
        }
    }
}

fn refused(error: &JsonPatchError) -> Problem {
    let kind = match error {
        JsonPatchError::Malformed(_) => Kind::BodyOfWrongShape,
        JsonPatchError::TestFailed { .. } => Kind::PatchTestFailed,
        JsonPatchError::NoSuchPlace { .. }
        | JsonPatchError::Fixed { .. }
        | JsonPatchError::TooLarge { .. } => Kind::PatchRefused,
    };
    Problem::new(kind, error.to_string())
}
