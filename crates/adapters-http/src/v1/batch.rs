//! `POST /v1/contacts/batch`: creates, updates or deletes contacts.

mod body;
pub(super) mod deciding;
mod explanation_body;
mod item_options;
pub(super) mod options;
pub(super) mod reply;
pub(super) mod result;
mod stream;

use axum::extract::{FromRequestParts as _, Request as HttpRequest, State};
use axum::response::Response;
use contacts_domain::upsert::Outcome;
use serde_json::Map;

pub(super) use self::body::BatchRequest;
use self::deciding::{Deciding, run_of};
use self::options::{BatchOptions, BatchOptionsDescription, Results};
use self::reply::{BatchAnswer, answer, is_problem};
use self::result::ResultWriter;
pub use self::stream::StillSending;
use super::parameters::Parameters;
use crate::openapi::{CallHeaders, NativeBatchProblems, examples};
use crate::problem::corrupt::log_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::of_json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::{IDEMPOTENCY_KEY, Once};
use crate::request::json_upload::JsonUpload;
use crate::request::media_type::{self, JSON, NDJSON};
use crate::request::prefer::Preferences;
use crate::state::AppState;
use crate::v1::accept::require;

/// Upsert a batch of contacts
///
/// Creates, updates or deletes each contact of the array, and answers each, in the order of the
/// request. Nothing but the items themselves decides what becomes of them: an item that breaks a rule
/// is refused with all its faults, and the others are not affected, unless `atomicity=batch` asks for
/// it. Sending a batch again changes nothing.
///
/// The body is the array itself, or an object with `items` and `options`; options may stand in the
/// query instead. Beside its contact fields, an item may have a member `$` with `ref` (the caller's own
/// name for the item, echoed), `ifVersion`, `matchBy` and `delete`. An element of `relatedContactIds`
/// or `relatedOrganizationContactIds` may be `{"ref": …}` or `{"externalId": …}` of an item of the
/// batch, earlier or later, and the latter of any contact.
///
/// As NDJSON, the body has one item a line, any number of them, and options in the query. The answer
/// comes while they are sent: each result as a line as soon as it is stored, with the number of its
/// line; under `results=problems`, the default here, a line `{"progress": …}` after each chunk; and at the
/// end `{"summary": …}`. A client may also send everything before it reads anything. A stream that
/// fails ends with `{"problem": …, "resumeFromLine": n}` and without its last chunk: what was answered
/// is stored, and the client goes on at that line. A line that is no JSON is a rejected item; empty
/// lines count as lines and are no items. Each chunk of lines is stored by itself, as a run of its own
/// that its lines name, so `sameAs` looks back within a chunk, and there is no `dryRun`, `atomicity=batch` and other `onRepeat` than `merge`.
#[utoipa::path(
    post,
    path = "/v1/contacts/batch",
    tag = "native",
    operation_id = "upsertContacts",
    params(BatchOptionsDescription, CallHeaders),
    request_body(
        content(
            (BatchRequest = "application/json", example = json!(examples::native_batch())),
            (String = "application/x-ndjson", example = json!(examples::LINES)),
        ),
        description = "As JSON, at most 10,000 items and 32 MiB, unless the server is set up \
                       otherwise; as NDJSON, any number of lines of at most 1 MiB.",
    ),
    responses(
        (
            status = OK,
            description = "As JSON: the batch was processed; each item has its own result. As NDJSON: \
                           the stream has begun, and only its last line, the summary, says that all \
                           of it was processed.",
            content(
                (BatchAnswer = "application/json", example = json!(examples::native_batch_answer())),
                (String = "application/x-ndjson", example = json!(examples::LINES_ANSWER)),
            ),
            headers(
                ("Preference-Applied" = String, description = "The preferences that were applied."),
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict, without those that none has: `created=3, unchanged=997`."),
            ),
        ),
        NativeBatchProblems,
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
    let media_type = media_type::of(&parts.headers, &[JSON, NDJSON])?;
    require(&parts.headers, &[media_type])?;
    if media_type == NDJSON {
        if parts.headers.contains_key(IDEMPOTENCY_KEY) {
            let detail = "a stream does not take Idempotency-Key; it is safe to send it again";
            return Err(Problem::new(Kind::BadHeader, detail));
        }
        let options = BatchOptions::read(parameters, Map::new(), preferences)?;
        options.require_streamable()?;
        let response = stream::take(state, caller, options, &parts).await?;
        return Ok(preferences.without_details().note(response));
    }
    let JsonUpload(body, room) = JsonUpload::from_request_parts(&mut parts, &state).await?;
    let once = match Once::from_request_parts(&mut parts, &state).await {
        Ok(once) => once,
        Err(answered) => return Ok(answered),
    };
    let deciding = Deciding { state: &state, caller: &caller, room: &room };
    let mut body = deciding.find(JSON, body).await?;
    let sent = std::mem::take(&mut body.options);
    let options = BatchOptions::read(parameters, sent, preferences)?;

    let redaction = Redaction::of(caller.scopes);
    let names = body.names();
    let results = options.results.unwrap_or_default();
    let reply = move |outcomes: Vec<Outcome>| {
        let summary = Summary::of(&outcomes);
        let run = run_of(&outcomes);
        let shown = names.answered(outcomes).filter(|answered| match results {
            Results::All => true,
            Results::Problems => is_problem(&answered.outcome),
        });
        let body = answer(&summary, run, shown.collect(), ResultWriter { redaction })?;
        Ok(preferences.without_details().note(summary.add_to(of_json(body))))
    };
    let keeping = once.keeping_batch(reply.clone());
    let outcomes = deciding.decide(body, options, Vec::new(), keeping).await?;
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));
    once.send(&room, reply(outcomes)?).await
}
