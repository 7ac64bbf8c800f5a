//! `POST /v1/contacts/merge`: merges one contact into another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Merging;
use contacts_domain::Violation;
use contacts_domain::merging::MergeReport;
use contacts_domain::path::Path;
use contacts_domain::upsert::Endpoints;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{bodies, shown};
use crate::applying;
use crate::limits::Unit;
use crate::openapi::{StoredContactSchema, WritingHeaders, WritingProblems, examples};
use crate::problem::corrupt::reject_if_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Merge};
use crate::request::idempotency::Once;
use crate::request::json_text;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::parameters::NoParameters;

const EXPECTED: &str =
    r#"{"target": integer, "source": integer}, with "dryRun": boolean if it is one"#;

/// Which contact is merged into which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Merge, example = json!({ "target": 42, "source": 43 }))]
struct MergeBody {
    /// The contact that stays.
    target: i64,
    /// The contact that is merged into it, and deleted.
    source: i64,
    /// Whether nothing is stored.
    #[serde(default)]
    #[schema(default = false)]
    dry_run: bool,
}

/// Merge two contacts
///
/// The source fills what the target lacks; flags of roles are true if either is; lists are united by
/// content; relations to the source now name the target; the source is deleted. Its id and its keys,
/// where the target keeps its own, lead to the target.
#[utoipa::path(
    post,
    path = "/v1/contacts/merge",
    tag = "native",
    operation_id = "mergeTwoContacts",
    params(WritingHeaders),
    request_body(content = MergeBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The contact that stays, right after the merge.",
            body = StoredContactSchema,
            headers(("ETag" = String, description = "The version, as `\"7\"`.")),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn merge(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Merge>,
    _: NoParameters,
    mut preferences: Preferences,
    SingleUpload(body, room): SingleUpload,
    once: Once,
) -> Result<Response, Problem> {
    let MergeBody { target, source, dry_run } = json_text::object(body, EXPECTED)?;
    room.count(Unit::Items, 2)?;
    preferences.dry_run |= dry_run;
    let dry_run = preferences.dry_run;
    let scopes = caller.scopes;
    let reply = move |report: &MergeReport| match report {
        Ok(merged) => shown(scopes, preferences, &merged.contact, &merged.changes),
        Err(violations) => {
            reject_if_corrupt(violations)?;
            let redaction = Redaction::of(scopes);
            let code = violations.first().map(Violation::code);
            let detail = violations.first().cloned().map(|first| redaction.refusal(first).message);
            let violations: Vec<_> = violations.iter().cloned().map(at_member).collect();
            let violations = bodies(&violations, redaction);
            Err(Problem::contact_refused(Kind::ContactRefused, detail, code, violations, None))
        }
    };
    let keeping = once.keeping(reply);
    let merging = |bytes| {
        let endpoints = Endpoints::Shown;
        let merging = Merging { target, source, endpoints, documents_at_most: bytes, dry_run };
        services.merge_contacts.execute(&caller, merging, keeping.clone())
    };
    reply(&applying::change(&room, dry_run, merging).await?)
}

/// The same violation at the member of this body, where the ERP contract has another name for it.
fn at_member(violation: Violation) -> Violation {
    let path = match violation.path.pointer().as_str() {
        "/targetId" => Path::of("target"),
        "/sourceId" => Path::of("source"),
        _ => return violation,
    };
    Violation { path, ..violation }
}
