//! `POST /api-v1/contact/merging`: merges one contact into another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Merging;
use contacts_domain::merging::MergeReport;
use contacts_domain::upsert::Endpoints;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::applying;
use crate::limits::Unit;
use crate::openapi::{DryRunHeaders, MergingProblems};
use crate::problem::corrupt::reject_if_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Merge};
use crate::request::idempotency::Once;
use crate::request::json_text;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::change_body::ChangeBody;

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

/// The answer to a merge; nothing, as the contract has it, but in a dry run with `detail=full`.
#[derive(Serialize)]
struct MergedBody<'a> {
    /// What would change of the contact that stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ChangeBody<'a>>>,
}

const EXPECTED: &str = r#"{"targetId": integer, "sourceId": integer}"#;

/// Merge two contacts
///
/// The source fills what the target lacks; flags of roles are true if either is; lists are united by
/// content; relations to the source now name the target; the source is deleted. Its external and
/// link ids, where the target keeps its own, lead to the target from then on, until a living contact
/// is given them.
///
/// A dry run with `detail=full` answers what would change of the target, in `changes`.
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
    once: Once,
) -> Result<Response, Problem> {
    let MergingBody { target_id, source_id } = MergingBody::read(body)?;
    room.count(Unit::Items, 2)?;
    let Preferences { dry_run, .. } = preferences;
    let redaction = Redaction::of(caller.scopes);
    let reply = move |report: &MergeReport| match report {
        Ok(merged) => {
            let shows_changes = preferences.shows_changes() && redaction.shows_contacts;
            let shown = merged.changes.iter().filter(|change| redaction.shows(&change.path));
            let body =
                MergedBody { changes: shows_changes.then(|| shown.map(ChangeBody::of).collect()) };
            let body = serde_json::to_string(&body).map_err(Problem::internal)?;
            Ok(preferences.dry_run_alone().note(json(body)))
        }
        Err(violations) => {
            reject_if_corrupt(violations)?;
            let redacted = violations.iter().map(|violation| redaction.refusal(violation.clone()));
            Err(Problem::merge_refused(redacted.collect(), preferences.details()))
        }
    };
    let keeping = once.keeping(reply);
    let merging = |bytes| {
        let (target, source, endpoints) = (target_id, source_id, Endpoints::Hidden);
        let merging = Merging { target, source, endpoints, documents_at_most: bytes, dry_run };
        services.merge_contacts.execute(&caller, merging, keeping.clone())
    };
    reply(&applying::change(&room, dry_run, merging).await?)
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
