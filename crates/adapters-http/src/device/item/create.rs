//! `POST /contacts/items`: creates one item.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Request;
use contacts_domain::upsert::{Context, Documents, Endpoints, Key, Ladder, Mode, Options, Outcome};
use uuid::Uuid;

use super::body::{DeviceItem, ItemBody};
use super::text;
use super::uid::UidReply;
use crate::applying::write;
use crate::device::paths::ITEMS;
use crate::device::refusal::require_stored;
use crate::limits::Unit;
use crate::openapi::{DeviceBodyProblems, DryRunHeaders};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;

/// Create an item
///
/// Creates a contact. A known `link_id` is not valid here. An item without one gets a UUID of
/// version 7.
///
/// Also `/contacts`.
#[utoipa::path(
    post,
    path = ITEMS,
    tag = "Device",
    operation_id = "createContact",
    params(DryRunHeaders),
    request_body(content = ItemBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The item is created.",
            body = UidReply,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict."),
                ("Preference-Applied" = String, description = "`dry-run`, if it was one."),
            ),
            links(
                ("get" = (operation_id = "getContactItem", parameters(("uid" = "$response.body#/uid")))),
                ("update" = (operation_id = "updateContact", parameters(("uid" = "$response.body#/uid")))),
                ("delete" = (operation_id = "deleteContact", parameters(("uid" = "$response.body#/uid")))),
            ),
        ),
        DeviceBodyProblems,
    ),
)]
pub(crate) async fn create_item(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Write>,
    preferences: Preferences,
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
            ladder: Ladder::new([Key::LinkId]),
            mode: Mode::Create,
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
    let read = |text: &String, context: &Context| {
        let mut item = DeviceItem::read(text);
        item.link_id.get_or_insert_with(|| Uuid::now_v7().to_string());
        item.into_item(None, context)
    };
    let writing = upsert.execute(&caller, request, vec![text], read);
    reply(write(preferences.dry_run, writing).await?)
}
