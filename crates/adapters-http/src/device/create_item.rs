//! `POST /contacts/items`: creates one item.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::use_cases::{Caller, Request};
use contacts_domain::upsert::{Endpoints, Handling, Key, Ladder, Mode, Options};
use uuid::Uuid;

use super::item_body::{ItemBody, SentItem};
use super::item_text;
use super::paths::{CANONICAL_PREFIX, ITEMS};
use super::refusal::require_stored;
use super::uid::UidReply;
use crate::body::Upload;
use crate::media_type;
use crate::openapi::{CallHeaders, DeviceBodyProblems};
use crate::problem::Problem;
use crate::state::AppState;

/// Create an item
///
/// Makes a new contact. A `link_id` that is known already is not valid here; where there is none,
/// the hub gives it one, a UUID of version 7.
///
/// Also `/contacts`.
#[utoipa::path(
    post,
    context_path = CANONICAL_PREFIX,
    path = ITEMS,
    tag = "Device",
    operation_id = "createContact",
    params(CallHeaders),
    request_body(content = ItemBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The item is created.",
            body = UidReply,
            headers(("x-request-id" = String, description = "The id of the request.")),
        ),
        DeviceBodyProblems,
    ),
)]
pub(super) async fn create_item(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, Problem> {
    caller.require(Scope::Write)?;
    media_type::require_json(&headers)?;
    let text = item_text::decode(upload.read(&state.settings).await?)?;

    let request = Request {
        options: Options {
            ladder: Ladder::new([Key::LinkId]),
            mode: Mode::Create,
            ..Options::default()
        },
        handling: Handling::Lenient,
        endpoints: Endpoints::Shown,
    };
    let upsert = &state.services.upsert_contacts;
    let outcomes = upsert
        .execute(&caller, request, vec![text], |text, context| {
            let mut item = SentItem::read(text);
            item.link_id.get_or_insert_with(|| Uuid::now_v7().to_string());
            item.into_item(None, context)
        })
        .await?;
    require_stored(&outcomes, |_| None)?;
    UidReply::answer(&outcomes)
}
