//! `POST /api-v1/contact/batch`: creates or updates contacts.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::{Caller, Request};
use contacts_domain::upsert::Item;

use super::batch_items::BatchItems;
use super::batch_reply::{BatchReply, View};
use super::redaction::Redaction;
use super::workflow::Workflows;
use crate::answer::json;
use crate::body::Upload;
use crate::damage;
use crate::media_type;
use crate::offload::offload;
use crate::openapi::{BatchHeaders, BatchProblems, ContactDocumentSchema};
use crate::prefer::{PREFERENCE_APPLIED, Preferences};
use crate::problem::Problem;
use crate::state::AppState;

/// Finding the items of a larger body takes long enough, about 50 µs, to be done elsewhere.
const LONG_BODY: usize = 64 << 10;

/// So does writing more outcomes.
const MANY_OUTCOMES: usize = 32;

/// Modify batch of contacts
///
/// Creates or updates each contact of the array and answers each, in the order of the request. A
/// contact is found by its `id`, else its `linkId`, else its `externalId`; where nothing is found,
/// a new one is created, but an `id` that finds nothing is `CONTACT_NOT_FOUND`. A member that is
/// absent keeps what is stored, `null` clears it, a value sets it; an array is the new full list,
/// and its elements are recognised by their ids, else by their content.
///
/// An item that breaks a rule is refused with all its faults and nothing of it is stored; the others
/// are not affected. Sending a batch again changes nothing. On any other status than 200 nothing
/// may be assumed stored, and sending the same request again is safe.
#[utoipa::path(
    post,
    path = "/api-v1/contact/batch",
    tag = "ERP",
    operation_id = "modifyBatchOfContacts",
    params(BatchHeaders),
    request_body(
        content = Vec<ContactDocumentSchema>,
        content_type = "application/json",
        description = "At most 10,000 contacts and 32 MiB, unless the server is set up otherwise. \
                       An empty array is answered by an empty list.",
        example = json!([{
            "contactType": "ORGANIZATION",
            "externalId": "ERP-10001",
            "name": "Boulangerie du Rhône SA",
            "email": "info@boulangerie-rhone.example"
        }]),
    ),
    responses(
        (
            status = OK,
            description = "The batch was processed, whatever became of each item.",
            body = BatchReply,
            headers(
                ("x-request-id" = String, description = "The id of the request."),
                ("Preference-Applied" = String, description = "The preferences that were applied."),
            ),
        ),
        BatchProblems,
    ),
)]
pub(super) async fn modify_batch(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, Problem> {
    caller.require(Scope::Write)?;
    media_type::require_json(&headers)?;
    let preferences = Preferences::of(&headers);

    let body = upload.read(&state.settings).await?;
    let max_items = state.settings.max_items;
    let is_long = body.len() > LONG_BODY;
    let BatchItems { text, ranges } =
        offload(is_long, move || BatchItems::find(body, max_items)).await??;

    let request = Request { handling: preferences.handling(), ..Request::default() };
    let upsert = &state.services.upsert_contacts;
    let outcomes = upsert
        .execute(&caller, request, ranges, move |range, context| {
            Item::read(text.get(range.clone()).unwrap_or_default(), context)
        })
        .await?;
    damage::log(outcomes.iter().flat_map(|outcome| &outcome.violations));

    let view = View {
        redaction: Redaction::of(caller.scopes),
        workflows: Workflows::of(caller.scopes),
        is_minimal: preferences.is_minimal(),
    };
    let is_long = outcomes.len() > MANY_OUTCOMES;
    let body = offload(is_long, move || view.write(&outcomes)).await?.map_err(Problem::internal)?;
    let mut response = json(body);
    if let Some(applied) = preferences.applied() {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}
