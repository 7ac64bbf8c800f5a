//! `PUT /contacts/items/{uid}`: updates one item.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::{Caller, Request};
use contacts_domain::upsert::{Endpoints, Handling, Key, Ladder, Mode, Options};

use super::item_body::{ItemBody, SentItem};
use super::item_text;
use super::paths::{CANONICAL_PREFIX, ITEM};
use super::refusal::require_stored;
use super::uid::{Uid, UidReply};
use crate::body::Upload;
use crate::media_type;
use crate::openapi::{CallHeaders, DeviceBodyProblems, DeviceItemPath};
use crate::problem::Problem;
use crate::state::AppState;

/// Update an item
///
/// Takes a whole item: what is left out returns to its default. But a `link_id` that is left out
/// stays as it is; another one takes its place, unless another contact has it.
///
/// Also `PATCH`, and `/contacts/{uid}`.
#[utoipa::path(
    put,
    context_path = CANONICAL_PREFIX,
    path = ITEM,
    tag = "Device",
    operation_id = "updateContact",
    params(CallHeaders, DeviceItemPath),
    request_body(content = ItemBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The item looks like that now.",
            body = UidReply,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        DeviceBodyProblems,
    ),
)]
pub(super) async fn update_item(
    State(state): State<AppState>,
    caller: Caller,
    uid: Uid,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, Problem> {
    caller.require(Scope::Write)?;
    let id = uid.require()?;
    media_type::require_json(&headers)?;
    let text = item_text::decode(upload.read(&state.settings).await?)?;

    let request = Request {
        options: Options {
            ladder: Ladder::new([Key::Id]),
            mode: Mode::Update,
            ..Options::default()
        },
        handling: Handling::Lenient,
        endpoints: Endpoints::Shown,
    };
    let upsert = &state.services.upsert_contacts;
    let outcomes = upsert
        .execute(&caller, request, vec![text], move |text, context| {
            SentItem::read(text).into_item(Some(id), context).to_update_entry()
        })
        .await?;
    require_stored(&outcomes, |_| None)?;
    UidReply::answer(&outcomes)
}
