//! `GET /v1/contacts/changes`: what has changed since a token.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use contacts_application::ledger::{FeedChange, FeedPage, FeedPosition, PageSize};
use contacts_application::use_cases::{Bookmark, Caller};
use contacts_domain::ledger::ChangeKind;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::feed_token;
use crate::limits::Room;
use crate::openapi::{CallHeaders, FeedProblems, examples};
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Credentials, Read};
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};
use crate::v1::contact_body::contact_body;
use crate::v1::parameters::Parameters;

/// The most bytes of documents of a page, unless a single one is larger.
const PAGE_BYTES: usize = 4 << 20;

/// How many changes a page has without `limit`.
const DEFAULT_LIMIT: u32 = 100;

/// The parameters of the change feed.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct FeedParams {
    /// The token of the last page. Without it, the feed begins with all contacts.
    since: Option<String>,
    /// The most changes of a page; 100 without it. A page with long documents has fewer.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// How many seconds to wait for a change if there is none.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<u32>,
}

/// A page of the change feed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedBody {
    /// The contacts, each once.
    items: Vec<FeedItem>,
    /// Where the next page begins; every page has one.
    token: String,
    /// Whether more changes wait: then ask again at once.
    more: bool,
    /// How many days changes are kept. A token that is older is answered 410.
    retention_days: u64,
}

/// A contact that changed.
#[derive(Serialize, ToSchema)]
struct FeedItem {
    /// What happened to it last: `created`, `updated`, `deleted` or `merged` into another one.
    change: &'static str,
    /// The id.
    id: i64,
    /// Its version.
    version: i64,
    /// The contact as it is; null of one that is deleted or merged, or cannot be read.
    #[schema(value_type = Option<Object>)]
    contact: Option<Box<RawValue>>,
}

/// What has changed
///
/// Every contact that was created, changed, deleted or merged since the token, each once, in its latest
/// state. Without `since`, everything: all living contacts first, page by page, then their changes.
/// Store the token of a page together with its contacts, and send it as `since` for the next one. A
/// change may come up to a second after its request was answered.
#[utoipa::path(
    get,
    path = "/v1/contacts/changes",
    tag = "native",
    operation_id = "listChanges",
    params(CallHeaders, FeedParams),
    responses(
        (
            status = OK,
            description = "The changes, none or some, and the next token.",
            body = FeedBody,
            example = json!({
                "items": [
                    {"change": "updated", "id": 7, "version": 2, "contact": examples::stored_contact()},
                    {"change": "deleted", "id": 9, "version": 3, "contact": null},
                ],
                "token": "AQAAAAAAAAABAAAAAAAAAAEABlwB8G1QAAAAAAAAAAADAAAAAAAAAAN__________",
                "more": false,
                "retentionDays": 90,
            }),
        ),
        FeedProblems,
    ),
)]
pub(super) async fn list_changes(
    State(state): State<AppState>,
    Authorized(mut caller, _): Authorized<Read>,
    Extension(credentials): Extension<Credentials>,
    Extension(room): Extension<Room>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let organization = caller.organization.id;
    let since = parameters.take("since", |token| {
        let expected = || "a token of this feed and organization, as a page gave it".to_owned();
        feed_token::read(organization, token).ok_or_else(expected)
    })?;
    let limit = parameters.whole("limit", 1..=1_000)?;
    let wait = parameters.whole("wait", 0..=60)?.and_then(|seconds| u64::try_from(seconds).ok());
    parameters.end()?;
    let items = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let size = PageSize { items, bytes: PAGE_BYTES };
    let (mut page, mut next) = read(&state, &caller, since, size).await?;
    if let (true, false, Some(seconds)) = (page.changes.is_empty(), page.has_more, wait)
        && seconds > 0
    {
        room.wait()?;
        let is_later = |end: &FeedPosition| end.place().0 > next.position.place().0;
        // Without a change in time, the reader gets an empty page.
        state.feeds.wait(organization, Duration::from_secs(seconds), is_later).await;
        room.work()?;
        caller = credentials.check_again(&state).await?;
        (page, next) = read(&state, &caller, Some(next), size).await?;
    }
    let redaction = Redaction::of(caller.scopes);
    let body = FeedBody {
        items: page.changes.iter().map(|change| feed_item(change, redaction)).collect(),
        token: feed_token::write(organization, next),
        more: page.has_more,
        retention_days: state.settings.keep_ledger.as_secs() / (24 * 60 * 60),
    };
    Ok(json(serde_json::to_string(&body).map_err(Problem::internal)?))
}

async fn read(
    state: &AppState,
    caller: &Caller,
    since: Option<Bookmark>,
    size: PageSize,
) -> Result<(FeedPage, Bookmark), Problem> {
    let (feed, kept) = (&state.services.read_feed, state.settings.keep_ledger);
    let page = timed(Step::Store, feed.execute(caller, since, size, kept)).await?;
    page.ok_or_else(|| {
        let detail = "the database does not know every change after this token: read everything \
                      again, without `since`";
        Problem::new(Kind::FeedGone, detail)
    })
}

fn feed_item(change: &FeedChange, redaction: Redaction) -> FeedItem {
    let living = change.record.as_ref().filter(|record| record.deleted_at.is_none());
    let word = match (living, change.kind) {
        (Some(_), ChangeKind::Created) => "created",
        (Some(_), _) => "updated",
        (None, ChangeKind::Merged) => "merged",
        (None, _) => "deleted",
    };
    // A contact that cannot be read must not stop the feed; the log names it.
    let shown = living.and_then(|record| {
        let body = contact_body(record, redaction).inspect_err(Problem::log).ok()?;
        RawValue::from_string(String::from_utf8(body).ok()?).ok()
    });
    FeedItem {
        change: word,
        id: change.contact.get(),
        version: change.record.as_ref().map_or(change.version, |record| record.version).get(),
        contact: shown,
    }
}
