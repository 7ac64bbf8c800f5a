//! `PUT /contacts/items/{uid}`: updates one item.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Request;
use contacts_domain::upsert::{Context, Documents, Endpoints, Key, Ladder, Mode, Options, Outcome};

use super::body::{DeviceItem, ItemBody};
use super::text;
use super::uid::{Uid, UidReply};
use crate::applying::write;
use crate::device::paths::ITEM;
use crate::device::refusal::require_stored;
use crate::limits::Unit;
use crate::openapi::{DeviceBodyProblems, DeviceItemPath, DryRunHeaders};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;

/// Update an item
///
/// Takes a whole item: what is left out returns to its default. But a `link_id` that is left out
/// stays as it is; another one takes its place, unless another contact has it.
///
/// Also `PATCH`, and `/contacts/{uid}`.
#[utoipa::path(
    put,
    path = ITEM,
    tag = "Device",
    operation_id = "updateContact",
    params(DryRunHeaders, DeviceItemPath),
    request_body(content = ItemBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The item is updated.",
            body = UidReply,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict."),
                ("Preference-Applied" = String, description = "`dry-run`, if it was one."),
            ),
        ),
        DeviceBodyProblems,
    ),
)]
pub(crate) async fn update_item(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    preferences: Preferences,
    Uid(id): Uid,
    SingleUpload(body, room): SingleUpload,
    once: Once,
) -> Result<Response, Problem> {
    room.count(Unit::Items, 1)?;
    let text = text::decode(body)?;
    let reply = move |outcomes: Vec<Outcome>| {
        require_stored(&outcomes, |_| None)?;
        Ok(preferences.dry_run_alone().note(UidReply::answer(&outcomes)?))
    };
    let request = Request {
        options: Options {
            ladder: Ladder::new([Key::Id]),
            mode: Mode::Update,
            documents: Documents::LeftOut,
            dry_run: preferences.dry_run,
            ..Options::default()
        },
        endpoints: Endpoints::Shown,
        bytes: text.len(),
        keeping: once.keeping_batch(reply),
        ..Request::default()
    };
    let upsert = &services.upsert_contacts;
    let read = move |text: &String, context: &Context| {
        DeviceItem::read(text).into_item(Some(id), context).to_update_entry()
    };
    let writing = upsert.execute(&caller, request, vec![text], read);
    reply(write(preferences.dry_run, writing).await?)
}
