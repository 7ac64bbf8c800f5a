//! `DELETE /contacts/items/{uid}`: deletes one item.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::EntryKey;
use contacts_domain::upsert::Outcome;

use super::uid::Uid;
use crate::applying::write;
use crate::device::faults::Faults;
use crate::device::paths::ITEM;
use crate::device::refusal::was_found;
use crate::limits::{Room, Unit};
use crate::openapi::{DeviceItemPath, DeviceProblems, DryRunHeaders};
use crate::problem::Problem;
use crate::reply::json;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Delete};
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;

/// Delete an item
///
/// Deletes a contact that is nothing but an entry of the directory; from a person or organization it
/// removes the entry and the link id, and keeps the contact.
///
/// Also `/contacts/{uid}`.
#[utoipa::path(
    delete,
    path = ITEM,
    tag = "Device",
    operation_id = "deleteContact",
    params(DryRunHeaders, DeviceItemPath),
    responses(
        (
            status = OK,
            description = "The item is deleted.",
            body = Object,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict."),
                ("Preference-Applied" = String, description = "`dry-run`, if it was one."),
            ),
            example = json!({}),
        ),
        DeviceProblems,
    ),
)]
pub(crate) async fn delete_item(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Delete>,
    preferences: Preferences,
    Uid(id): Uid,
    room: Room,
    once: Once,
) -> Result<Response, Problem> {
    room.count(Unit::Items, 1)?;
    let (keys, dry_run) = ([EntryKey::Id(id.get())], preferences.dry_run);
    let reply = move |outcomes: Vec<Outcome>| {
        for outcome in &outcomes {
            if !was_found(outcome)? {
                return Err(Faults::unknown_uid());
            }
        }
        let answer = Summary::of(&outcomes).add_to(json("{}"));
        Ok(preferences.dry_run_alone().note(answer))
    };
    let (unlink, keeping) = (&services.unlink_contacts, once.keeping_batch(reply));
    let deleting = unlink.execute(&caller, &keys, dry_run, keeping);
    reply(write(dry_run, deleting).await?)
}
