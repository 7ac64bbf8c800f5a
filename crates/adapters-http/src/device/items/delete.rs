//! `DELETE /contacts/items/link`: deletes items by their link ids.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::EntryKey;
use contacts_domain::contact::rules::MAX_DOCUMENT_BYTES;
use contacts_domain::decision::MAX_LOADED_BYTES;
use contacts_domain::upsert::Outcome;
use contacts_domain::value::LinkId;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};

use super::list_body::ListBody;
use super::results::{ExtendedInfo, ResultReply, ResultsReply, answer};
use crate::applying::write;
use crate::device::faults::Faults;
use crate::device::paths::LINK;
use crate::device::refusal::was_found;
use crate::limits::Unit;
use crate::openapi::{DeviceBodyProblems, DryRunHeaders};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Delete};
use crate::request::idempotency::Once;
use crate::request::json_upload::JsonUpload;
use crate::request::offload::{LONG, offload};
use crate::request::prefer::Preferences;
use crate::settings::Settings;
use crate::state::Services;

/// The member of the body.
const LIST: &str = "link_ids";

/// Items to delete.
#[derive(ToSchema)]
#[schema(
    as = DeviceLinkIds,
    example = json!({ "link_ids": ["91c615e3-1040-4815-8ecb-039a18b756b1"] }),
)]
#[expect(dead_code, reason = "describes what is read element by element")]
struct LinkIdsBody {
    /// At most 10,000, unless the server is set up otherwise. An empty list deletes nothing.
    #[schema(schema_with = link_ids)]
    link_ids: Vec<String>,
}

fn link_ids() -> Array {
    let format = SchemaFormat::Custom("uuid".to_owned());
    let link_id = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
    ArrayBuilder::new()
        .items(link_id)
        .max_items(Some(10_000))
        .description(Some(
            "At most 10,000, unless the server is set up otherwise. An empty list deletes nothing.",
        ))
        .build()
}

/// Delete items
///
/// Deletes the contacts of these link ids that are nothing but an entry of the directory. From a
/// person or organization it removes the entry and the link id, and keeps the contact. Both are answered `deleted`; where there is no such contact, for example when a link id is given
/// twice, `success` is false and `extended_info` is `entity_not_found`.
///
/// Also `POST /contacts/link/delete`, for clients that cannot send a body with `DELETE`.
#[utoipa::path(
    delete,
    path = LINK,
    tag = "Device",
    operation_id = "deleteContacts",
    params(DryRunHeaders),
    request_body(content = LinkIdsBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The items that were found are deleted.",
            body = ResultsReply,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict."),
                ("Preference-Applied" = String, description = "`dry-run`, if it was one."),
            ),
            example = json!({ "result": [{
                "link_id": "91c615e3-1040-4815-8ecb-039a18b756b1",
                "success": true,
                "extended_info": "deleted",
            }] }),
        ),
        DeviceBodyProblems,
    ),
)]
pub(crate) async fn delete_items(
    State(services): State<Arc<Services>>,
    State(settings): State<Arc<Settings>>,
    Authorized(caller, _): Authorized<Delete>,
    preferences: Preferences,
    JsonUpload(body, room): JsonUpload,
    once: Once,
) -> Result<Response, Problem> {
    let is_long = body.len() > LONG;
    let held = room.clone();
    let reading = move || held.during(|| read(body, settings.max_items));
    let (link_ids, keys) = offload(is_long, reading).await??;
    room.count(Unit::Items, keys.len())?;
    // Each contact may be one of the largest.
    room.take((keys.len() * MAX_DOCUMENT_BYTES).min(MAX_LOADED_BYTES)).await?;
    let link_ids: Arc<[String]> = link_ids.into();
    let reply = move |outcomes: Vec<Outcome>| {
        let results = link_ids.iter().zip(&outcomes);
        let results = results.map(|(link_id, outcome)| result(link_id, outcome));
        let answer = ResultsReply::answer(&outcomes, results.collect::<Result<_, _>>()?)?;
        Ok(preferences.dry_run_alone().note(answer))
    };
    let (unlink, dry_run) = (&services.unlink_contacts, preferences.dry_run);
    let outcomes = match keys.is_empty() {
        true => Vec::new(),
        false => {
            let keeping = once.keeping_batch(reply.clone());
            write(dry_run, unlink.execute(&caller, &keys, dry_run, keeping)).await?
        }
    };
    answer(outcomes, reply).await
}

/// The link ids, as sent and as keys.
fn read(body: Vec<u8>, limit: usize) -> Result<(Vec<String>, Vec<EntryKey>), Problem> {
    let ListBody { text, ranges, .. } = ListBody::find(body, LIST, limit)?;
    let mut faults = Faults::default();
    let mut link_ids = Vec::with_capacity(ranges.len());
    let mut keys = Vec::with_capacity(ranges.len());
    for (index, range) in ranges.into_iter().enumerate() {
        let link_id: Option<String> =
            serde_json::from_str(text.get(range).unwrap_or_default()).ok();
        match link_id.as_deref().map(LinkId::parse) {
            Some(Ok(key)) => {
                keys.push(EntryKey::LinkId(key));
                link_ids.extend(link_id);
            }
            Some(Err(error)) => faults.note(format_args!("{LIST}[{index}]"), error),
            None => faults.note(format_args!("{LIST}[{index}]"), "must be text"),
        }
    }
    faults.require_none()?;
    Ok((link_ids, keys))
}

fn result(link_id: &str, outcome: &Outcome) -> Result<ResultReply, Problem> {
    let success = was_found(outcome)?;
    let extended_info = if success { ExtendedInfo::Deleted } else { ExtendedInfo::EntityNotFound };
    Ok(ResultReply { link_id: Some(link_id.to_owned()), success, extended_info })
}
