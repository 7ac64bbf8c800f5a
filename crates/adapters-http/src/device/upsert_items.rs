//! `POST /contacts/items/link`: creates or updates items.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::{Caller, Request};
use contacts_domain::upsert::{
    Atomicity, Endpoints, Handling, Key, Ladder, Options, Outcome, Verdict,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::faults::Faults;
use super::item_body::{ItemBody, SentItem};
use super::list_body::ListBody;
use super::paths::{CANONICAL_PREFIX, LINK};
use super::refusal::require_stored;
use super::result_reply::{ExtendedInfo, ResultReply, ResultsReply};
use crate::body::Upload;
use crate::media_type;
use crate::offload::offload;
use crate::openapi::{CallHeaders, DeviceBodyProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// The member of the body.
const LIST: &str = "list_items";

/// Finding the items of a larger body takes long enough, about 50 µs, to be done elsewhere.
const LONG_BODY: usize = 64 << 10;

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
/// and touches nothing else. A person or organization becomes an entry of the directory by it. An
/// item whose `link_id` is unknown makes a new contact under it; one without a `link_id` is new each
/// time, and the answer names the UUID of version 7 that it was given.
///
/// Either all items are stored or, if one of them is not valid, none. An item that changes nothing
/// is answered `updated`, and nothing is written for it. An item that is named twice is applied
/// twice, in order.
///
/// Also `PUT` and `PATCH`, and `/contacts/link`.
#[utoipa::path(
    post,
    context_path = CANONICAL_PREFIX,
    path = LINK,
    tag = "Device",
    operation_id = "createOrUpdateContacts",
    params(CallHeaders),
    request_body(content = ItemsBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "All items are stored.",
            body = ResultsReply,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        DeviceBodyProblems,
    ),
)]
pub(super) async fn upsert_items(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, Problem> {
    caller.require(Scope::Write)?;
    media_type::require_json(&headers)?;
    let body = upload.read(&state.settings).await?;
    let max_items = state.settings.max_items;
    let is_long = body.len() > LONG_BODY;
    let ListBody { text, ranges } =
        offload(is_long, move || ListBody::find(body, LIST, max_items)).await??;
    if ranges.is_empty() {
        return Err(Faults::one(LIST, "must not be empty"));
    }

    let request = Request {
        options: Options {
            ladder: Ladder::new([Key::LinkId]),
            atomicity: Atomicity::Batch,
            ..Options::default()
        },
        handling: Handling::Lenient,
        endpoints: Endpoints::Shown,
    };
    let link_ids: Arc<[OnceLock<String>]> = ranges.iter().map(|_| OnceLock::new()).collect();
    let answered = Arc::clone(&link_ids);
    let raw: Vec<(usize, Range<usize>)> = ranges.into_iter().enumerate().collect();
    let upsert = &state.services.upsert_contacts;
    let outcomes = upsert
        .execute(&caller, request, raw, move |(index, range), context| {
            let mut item = SentItem::read(text.get(range.clone()).unwrap_or_default());
            let link_id = item.link_id.get_or_insert_with(|| Uuid::now_v7().to_string());
            if let Some(place) = answered.get(*index) {
                // An item is read once, so its place is free.
                let _ = place.set(link_id.clone());
            }
            item.into_item(None, context)
        })
        .await?;

    ResultsReply::answer(outcomes.len(), move || {
        require_stored(&outcomes, |index| Some(format!("{LIST}[{index}]")))?;
        let results = link_ids.iter().zip(&outcomes);
        Ok(results.map(|(link_id, outcome)| result(link_id, outcome)).collect())
    })
    .await
}

fn result(link_id: &OnceLock<String>, outcome: &Outcome) -> ResultReply {
    ResultReply {
        link_id: link_id.get().cloned().unwrap_or_default(),
        success: true,
        extended_info: match outcome.verdict {
            Verdict::Created => ExtendedInfo::Created,
            // This wire has no word for what is unchanged, and the others have been answered.
            _ => ExtendedInfo::Updated,
        },
    }
}
