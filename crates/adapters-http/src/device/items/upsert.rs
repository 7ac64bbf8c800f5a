//! `POST /contacts/items/link`: creates or updates items.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Request;
use contacts_domain::upsert::{
    Atomicity, Context, Documents, Endpoints, Key, Ladder, Options, Outcome, Recognizer, Verdict,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list_body::ListBody;
use super::results::{ExtendedInfo, ResultReply, ResultsReply, answer};
use crate::applying::apply;
use crate::device::faults::Faults;
use crate::device::item::body::{self, DeviceItem, ItemBody};
use crate::device::paths::LINK;
use crate::device::refusal::require_stored;
use crate::limits::{Unit, allowance};
use crate::openapi::{DeviceBodyProblems, DryRunHeaders, examples};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::json_upload::JsonUpload;
use crate::request::offload::{LONG, offload};
use crate::request::prefer::Preferences;
use crate::settings::Settings;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

/// The member of the body.
const LIST: &str = "list_items";

/// Items to create or update.
#[derive(ToSchema)]
#[schema(as = DeviceItems)]
#[expect(dead_code, reason = "describes what is read item by item")]
struct ItemsBody {
    /// At most 10,000, unless the server is set up otherwise.
    #[schema(min_items = 1, max_items = 10_000)]
    list_items: Vec<ItemBody>,
}

/// Create or update items
///
/// An item whose `link_id` is known updates the contact that has it: it replaces `name`, `type`,
/// `number`, the flags and `ringtone`, of which those that are left out return to their defaults,
/// and changes nothing else. It makes a person or organization an entry of the directory. An
/// item whose `link_id` is unknown makes a new contact under it; one without a `link_id` is new each
/// time, and the answer names the UUID of version 7 that it was given.
///
/// Either all items are stored or, if one of them is not valid, none. An item that changes nothing
/// is answered `updated`, and nothing is written for it. An item that is given twice is applied
/// twice, in order.
///
/// Also `PUT` and `PATCH`, and `/contacts/link`.
#[utoipa::path(
    post,
    path = LINK,
    tag = "Device",
    operation_id = "createOrUpdateContacts",
    params(DryRunHeaders),
    request_body(
        content = ItemsBody,
        content_type = "application/json",
        example = json!(examples::items()),
    ),
    responses(
        (
            status = OK,
            description = "All items are stored.",
            body = ResultsReply,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict."),
                ("Preference-Applied" = String, description = "`dry-run`, if it was one."),
            ),
            example = json!(examples::items_answer()),
        ),
        DeviceBodyProblems,
    ),
)]
pub(crate) async fn upsert_items(
    State(services): State<Arc<Services>>,
    State(settings): State<Arc<Settings>>,
    Authorized(caller, _): Authorized<Write>,
    preferences: Preferences,
    JsonUpload(body, room): JsonUpload,
    once: Once,
) -> Result<Response, Problem> {
    let is_long = body.len() > LONG;
    let held = room.clone();
    let finding = move || held.during(|| ListBody::find(body, LIST, settings.max_items));
    let ListBody { text, ranges, weight } = offload(is_long, finding).await??;
    if ranges.is_empty() {
        return Err(Faults::one(LIST, "must not be empty"));
    }
    room.count(Unit::Items, ranges.len())?;
    room.take(weight).await?;
    let bytes = text.len();

    // The link ids of the items, as sent or generated, for the answer.
    let link_ids: Arc<[OnceLock<String>]> = ranges.iter().map(|_| OnceLock::new()).collect();
    let answered = Arc::clone(&link_ids);
    let reply = move |outcomes: Vec<Outcome>| {
        require_stored(&outcomes, |index| Some(format!("{LIST}[{index}]")))?;
        let results = answered.iter().zip(&outcomes);
        let results = results.map(|(link_id, outcome)| result(link_id, outcome)).collect();
        Ok(preferences.dry_run_alone().note(ResultsReply::answer(&outcomes, results)?))
    };
    let request = Request {
        options: Options {
            ladder: Ladder::new([Key::LinkId]),
            atomicity: Atomicity::Batch,
            documents: Documents::LeftOut,
            dry_run: preferences.dry_run,
            ..Options::default()
        },
        endpoints: Endpoints::Shown,
        bytes,
        documents_at_most: allowance(bytes, ranges.len()),
        keeping: once.keeping_batch(reply.clone()),
        ..Request::default()
    };
    let (slots, scanned_slots) = (Arc::clone(&link_ids), Arc::clone(&link_ids));
    let (held, text) = (room.clone(), Arc::new(text));
    let scanned = Arc::clone(&text);
    let raw: Vec<(usize, Range<usize>)> = ranges.into_iter().enumerate().collect();
    let scan = move |(index, range): &(usize, Range<usize>), recognizer: &Recognizer| {
        let item = scanned.get(range.clone())?;
        let (link_id, keys) = body::scan(item)?;
        scanned_slots.get(*index)?.get_or_init(|| link_id);
        recognizer.fingerprint(item, keys)
    };
    let read = move |(index, range): &(usize, Range<usize>), context: &Context| {
        let text = text.get(range.clone()).unwrap_or_default();
        let mut item = held.during(|| DeviceItem::read(text));
        if let Some(slot) = slots.get(*index) {
            // An item that is read again keeps the link id that was generated for it. A dry run
            // answers none.
            let generated = || Uuid::now_v7().to_string();
            let link_id = match item.link_id.take() {
                None if preferences.dry_run => generated(),
                sent => slot.get_or_init(|| sent.unwrap_or_else(generated)).clone(),
            };
            item.link_id = Some(link_id);
        }
        item.into_item(None, context)
    };
    let upsert = &services.upsert_contacts;
    let preparing = upsert.prepare(&caller, request, "device", raw, scan, read);
    let batch = timed(Step::Read, preparing).await?;
    let outcomes = apply(upsert, batch, &room).await?;
    answer(outcomes, reply).await
}

fn result(link_id: &OnceLock<String>, outcome: &Outcome) -> ResultReply {
    ResultReply {
        link_id: link_id.get().cloned(),
        success: true,
        extended_info: match outcome.verdict {
            Verdict::Created => ExtendedInfo::Created,
            // The contract has no word for unchanged, and refused items have been reported.
            _ => ExtendedInfo::Updated,
        },
    }
}
