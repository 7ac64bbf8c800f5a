//! `POST /v1/contacts/batch`: creates, updates or deletes contacts.

mod body;
mod item_options;
mod options;
mod reply;
mod result;

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request as HttpRequest, State};
use axum::response::Response;
use contacts_application::use_cases::Request;
use contacts_domain::upsert::{Context, Documents, Endpoints, Item, ItemKeys, Options, Recognizer};

use self::body::{BatchBody, BatchRequest, SentItem};
use self::options::{BatchOptions, BatchOptionsDescription, Results, Return};
use self::reply::{BatchAnswer, answer, is_problem};
use self::result::{Answered, ResultWriter};
use super::parameters::Parameters;
use crate::applying::apply;
use crate::limits::allowance;
use crate::openapi::{BatchProblems, CallHeaders, examples};
use crate::problem::Problem;
use crate::problem::corrupt::log_corrupt;
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Write};
use crate::request::json_upload::JsonUpload;
use crate::request::offload::{LONG, offload};
use crate::request::prefer::Preferences;
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};

/// What the digests of this API's items are made with.
const WIRE: &str = "v1";

/// Upsert a batch of contacts
///
/// Creates, updates or deletes each contact of the array, and answers each, in the order of the
/// request. Nothing but the items themselves decides what becomes of them: an item that breaks a rule
/// is refused with all its faults, and the others are not affected, unless `atomicity=batch` asks for
/// it. Sending a batch again changes nothing.
///
/// The body is the array itself, or an object with `items` and `options`; options may stand in the
/// query instead. Beside its contact fields, an item may have a member `$` with `ref` (the caller's own
/// name for the item, echoed), `ifVersion`, `matchBy` and `delete`.
#[utoipa::path(
    post,
    path = "/v1/contacts/batch",
    tag = "native",
    operation_id = "upsertContacts",
    params(BatchOptionsDescription, CallHeaders),
    request_body(
        content = BatchRequest,
        content_type = "application/json",
        description = "At most 10,000 items and 32 MiB, unless the server is set up otherwise.",
        example = json!(examples::native_batch()),
    ),
    responses(
        (
            status = OK,
            description = "The batch was processed; each item has its own result.",
            body = BatchAnswer,
            headers(
                ("Preference-Applied" = String, description = "The preferences that were applied."),
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict, without those that none has: `created=3, unchanged=997`."),
            ),
            example = json!(examples::native_batch_answer()),
        ),
        BatchProblems,
    ),
)]
pub(super) async fn upsert(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Write>,
    parameters: Parameters,
    preferences: Preferences,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let JsonUpload(body, room) = JsonUpload::from_request_parts(&mut parts, &state).await?;
    let (is_long, max_items) = (body.len() > LONG, state.settings.max_items);
    let (held, scopes) = (room.clone(), caller.scopes);
    let finding = move || held.during(|| BatchBody::find(body, max_items, scopes));
    let BatchBody { text, mut items, options, weight } = offload(is_long, finding).await??;
    let options = BatchOptions::read(parameters, options, preferences)?;
    room.take(weight).await?;

    let redaction = Redaction::of(caller.scopes);
    let documents = match options.returns {
        Return::Representation if redaction.shows_contacts => {
            Documents::AtMost(state.settings.max_batch_documents_bytes)
        }
        Return::Representation | Return::Minimal => Documents::LeftOut,
    };
    let bytes = text.len();
    let request = Request {
        options: Options { documents, ..options.rules },
        handling: options.handling,
        endpoints: Endpoints::Shown,
        bytes,
        documents_at_most: allowance(bytes, items.len()),
    };
    let mut references: Vec<Option<String>> =
        items.iter_mut().map(|item| item.options.as_mut()?.reference.take()).collect();
    let upsert = &state.services.upsert_contacts;
    let (held, text) = (room.clone(), Arc::new(text));
    let scanned = Arc::clone(&text);
    let scan = move |item: &SentItem, recognizer: &Recognizer| {
        let text = scanned.get(item.range.clone()).filter(|_| item.options.is_none())?;
        recognizer.fingerprint(text, ItemKeys::scan(text)?)
    };
    let read = move |item: &SentItem, context: &Context| {
        let text = text.get(item.range.clone()).unwrap_or_default();
        held.during(|| match &item.options {
            Some(options) => options.apply(text, context),
            None => Item::read(text, context),
        })
    };
    let preparing = upsert.prepare(&caller, request, WIRE, items, scan, read);
    let batch = timed(Step::Read, preparing).await?;
    let outcomes = apply(upsert, batch, &room).await?;
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));

    let summary = Summary::of(&outcomes);
    let answered = outcomes.into_iter().zip(&mut references).enumerate();
    let answered = answered.map(|(index, (outcome, reference))| Answered {
        index,
        reference: reference.take(),
        outcome,
    });
    let shown = answered.filter(|answered| match options.results.unwrap_or_default() {
        Results::All => true,
        Results::Problems => is_problem(&answered.outcome),
    });
    let body = answer(&summary, shown.collect(), ResultWriter { redaction }).await?;
    Ok(preferences.without_details().note(summary.add_to(json(body))))
}
