//! `POST /api-v1/contact/batch`: creates or updates contacts.

use std::ops::Range;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Request;
use contacts_domain::upsert::{Context, Documents, Item, ItemKeys, Options, Outcome, Recognizer};

use super::batch_items::BatchItems;
use super::batch_reply::{BatchReply, ReplyWriter};
use super::workflow::Workflows;
use crate::applying::apply;
use crate::limits::{Unit, allowance};
use crate::openapi::{BatchHeaders, BatchProblems, ContactDocumentSchema, examples};
use crate::problem::Problem;
use crate::problem::corrupt::log_corrupt;
use crate::reply::of_json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::json_upload::JsonUpload;
use crate::request::offload::{LONG, offload};
use crate::request::prefer::Preferences;
use crate::settings::Settings;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

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
        example = json!(examples::batch()),
    ),
    responses(
        (
            status = OK,
            description = "The batch was processed; each item has its own result.",
            body = BatchReply,
            headers(
                ("Preference-Applied" = String, description = "The preferences that were applied."),
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict, without those that none has: `created=3, unchanged=997`."),
            ),
            links(
                ("firstContact" = (
                    operation_id = "getContact",
                    parameters(
                        ("type" = "$response.body#/items/0/freshRow/contactType"),
                        ("id" = "$response.body#/items/0/freshRow/id"),
                    ),
                )),
            ),
            example = json!(examples::batch_answer()),
        ),
        BatchProblems,
    ),
)]
pub(super) async fn modify_batch(
    State(services): State<Arc<Services>>,
    State(settings): State<Arc<Settings>>,
    Authorized(caller, _): Authorized<Write>,
    preferences: Preferences,
    JsonUpload(body, room): JsonUpload,
    once: Once,
) -> Result<Response, Problem> {
    let (is_long, max_items) = (body.len() > LONG, settings.max_items);
    let held = room.clone();
    let finding = move || held.during(|| BatchItems::find(body, max_items));
    let BatchItems { text, ranges, weight } = offload(is_long, finding).await??;
    room.count(Unit::Items, ranges.len())?;
    room.take(weight).await?;

    let redaction = Redaction::of(caller.scopes);
    let documents = match preferences.is_minimal() || !redaction.shows_contacts {
        true => Documents::LeftOut,
        false => Documents::AtMost(settings.max_batch_documents_bytes),
    };
    let dry_run = preferences.dry_run;
    let shows_changes = preferences.shows_changes() && redaction.shows_contacts;
    let options = Options { documents, dry_run, changes: shows_changes, ..Options::default() };
    let bytes = text.len();
    let handling = preferences.handling();
    let documents_at_most = allowance(bytes, ranges.len());
    let (details, scopes) = (preferences.details(), caller.scopes);
    let reply = move |outcomes: Vec<Outcome>| {
        let summary = Summary::of(&outcomes);
        let workflows = Workflows::of(scopes);
        let writer = ReplyWriter { redaction, details, workflows, shows_changes };
        Ok(preferences.note(summary.add_to(of_json(writer.answer(outcomes)))))
    };
    let keeping = once.keeping_batch(reply);
    let request =
        Request { options, handling, bytes, documents_at_most, keeping, ..Request::default() };
    let upsert = &services.upsert_contacts;
    let (held, text) = (room.clone(), Arc::new(text));
    let scanned = Arc::clone(&text);
    let scan = move |range: &Range<usize>, recognizer: &Recognizer| {
        let item = scanned.get(range.clone())?;
        recognizer.fingerprint(item, ItemKeys::scan(item)?)
    };
    let read = move |range: &Range<usize>, context: &Context| {
        held.during(|| Item::read(text.get(range.clone()).unwrap_or_default(), context))
    };
    let preparing = upsert.prepare(&caller, request, "erp", ranges, scan, read);
    let batch = timed(Step::Read, preparing).await?;
    let outcomes = apply(upsert, batch, &room).await?;
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));
    once.send(&room, reply(outcomes)?).await
}
