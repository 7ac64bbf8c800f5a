//! `POST /api-v1/contact/merging`: merges one contact into another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_domain::upsert::Endpoints;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::applying;
use crate::openapi::{DryRunHeaders, MergingProblems};
use crate::problem::corrupt::reject_if_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Merge};
use crate::request::json_text;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;

/// Which contact is merged into which.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "targetId": 42, "sourceId": 43 }))]
struct MergingBody {
    /// The contact that stays.
    target_id: i64,
    /// The contact that is merged into it, and deleted.
    source_id: i64,
}

const EXPECTED: &str = r#"{"targetId": integer, "sourceId": integer}"#;

/// Merge two contacts
///
/// The source fills what the target lacks; flags of roles are true if either is; lists are united by
/// content; relations to the source now name the target; the source is deleted. Its external and
/// link ids, where the target keeps its own, lead to the target from then on, until a living contact
/// is given them.
///
/// Equal, unknown or deleted ids, different types, or a result that breaks a rule: 400, and nothing
/// is changed.
#[utoipa::path(
    post,
    path = "/api-v1/contact/merging",
    tag = "ERP",
    operation_id = "mergeContacts",
    params(DryRunHeaders),
    request_body(content = MergingBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The contacts are merged.",
            body = Object,
            example = json!({}),
        ),
        MergingProblems,
    ),
)]
pub(super) async fn merge(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Merge>,
    preferences: Preferences,
    SingleUpload(body, room): SingleUpload,
) -> Result<Response, Problem> {
    let MergingBody { target_id, source_id } = MergingBody::read(body)?;
    let merging = |bytes| {
        let merge = &services.merge_contacts;
        merge.execute(&caller, target_id, source_id, Endpoints::Hidden, bytes, preferences.dry_run)
    };
    match applying::change(&room, merging).await? {
        Ok(_) => Ok(preferences.dry_run_alone().note(json("{}"))),
        Err(violations) => {
            reject_if_corrupt(&violations)?;
            let redaction = Redaction::of(caller.scopes);
            let redacted = violations.into_iter().map(|violation| redaction.refusal(violation));
            let refused = Problem::merge_refused(redacted.collect(), preferences.details());
            Err(refused)
        }
    }
}

impl MergingBody {
    fn read(body: Vec<u8>) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let json = json_text::trim(&text, EXPECTED)?;
        let members: Map<String, Value> =
            serde_json::from_str(json).map_err(|error| json_text::refusal(&error, EXPECTED))?;
        Ok(Self { target_id: id(&members, "targetId")?, source_id: id(&members, "sourceId")? })
    }
}

fn id(members: &Map<String, Value>, name: &str) -> Result<i64, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => {
            Err(Problem::new(Kind::MemberMissing, format!("{name} is missing")))
        }
        Some(value) => value.as_i64().ok_or_else(|| {
            Problem::new(Kind::BodyOfWrongShape, format!("{name} has to be an integer"))
        }),
    }
}
