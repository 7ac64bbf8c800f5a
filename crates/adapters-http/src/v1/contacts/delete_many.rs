//! `POST /v1/contacts/delete`: deletes contacts by their keys.

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Deletion;
use contacts_domain::purging::PurgeTarget;
use contacts_domain::upsert::Outcome;
use contacts_domain::value::LinkId;
use contacts_domain::{AliasKey, ContactId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};

use crate::applying::write;
use crate::limits::{Unit, weigh};
use crate::openapi::{NativeBatchProblems, WritingHeaders};
use crate::problem::corrupt::log_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::of_json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Delete};
use crate::request::idempotency::Once;
use crate::request::json_text;
use crate::request::json_upload::JsonUpload;
use crate::request::prefer::Preferences;
use crate::state::AppState;
use crate::v1::batch::reply::{BatchAnswer, answer};
use crate::v1::batch::result::{Answered, ResultWriter};
use crate::v1::parameters::NoParameters;

const EXPECTED: &str = r#"{"ids": [integer], "externalIds": [text], "linkIds": [UUID], "purge": boolean, "dryRun": boolean}"#;

/// The contacts to delete, by their keys.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schema(as = Deletions, example = json!({ "ids": [42], "externalIds": ["ERP-10001"] }))]
struct DeletionsBody {
    /// Ids.
    ids: Vec<i64>,
    /// External ids.
    external_ids: Vec<String>,
    /// Link ids.
    #[schema(schema_with = link_ids)]
    link_ids: Vec<String>,
    /// Whether the contacts are purged: nothing of them is left but their ids. An id may be that of a
    /// contact that is deleted already.
    #[schema(default = false)]
    purge: bool,
    /// Whether nothing is stored.
    #[schema(default = false)]
    dry_run: bool,
}

fn link_ids() -> Array {
    let form = SchemaFormat::Custom("uuid".to_owned());
    let link_id = ObjectBuilder::new().schema_type(Type::String).format(Some(form));
    let link_id = link_id.min_length(Some(36)).max_length(Some(36));
    ArrayBuilder::new().items(link_id).description(Some("Link ids.")).build()
}

/// Delete contacts
///
/// Deletes the contacts of these keys, and answers each: first those of `ids`, then of `externalIds`,
/// then of `linkIds`. A key without a contact is refused; the others are not affected.
#[utoipa::path(
    post,
    path = "/v1/contacts/delete",
    tag = "native",
    operation_id = "deleteManyContacts",
    params(WritingHeaders),
    request_body(
        content = DeletionsBody,
        content_type = "application/json",
        description = "At most as many keys as a batch has items.",
    ),
    responses(
        (
            status = OK,
            description = "Each key has its own result.",
            body = BatchAnswer,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many keys have each verdict."),
            ),
            example = json!({
                "summary": {
                    "items": 1, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0,
                    "deleted": 1, "ambiguous": 0, "stale": 0,
                },
                "run": null,
                "items": [{
                    "index": 0, "verdict": "deleted", "id": 42, "version": 2, "matchedBy": "id",
                }],
            }),
        ),
        NativeBatchProblems,
    ),
)]
pub(super) async fn delete_many(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Delete>,
    _: NoParameters,
    preferences: Preferences,
    JsonUpload(body, room): JsonUpload,
    once: Once,
) -> Result<Response, Problem> {
    room.take(weigh(&body)).await?;
    let deletions: DeletionsBody = json_text::object(body, EXPECTED)?;
    let dry_run = deletions.dry_run || preferences.dry_run;
    let is_purge = deletions.purge;
    let keys = deletions.read(state.settings.max_items)?;
    room.count(Unit::Items, keys.len())?;
    let redaction = Redaction::of(caller.scopes);
    let reply = move |outcomes: Vec<Outcome>| {
        let summary = Summary::of(&outcomes);
        let run = outcomes.iter().find_map(|outcome| outcome.contact.as_ref()?.run);
        let answered = outcomes.into_iter().enumerate();
        let answered = answered.map(|(index, outcome)| Answered {
            index,
            line: None,
            reference: None,
            outcome,
        });
        let body = answer(&summary, run, answered.collect(), ResultWriter { redaction })?;
        Ok(preferences.dry_run_alone().note(summary.add_to(of_json(body))))
    };
    let keeping = once.keeping_batch(reply);
    let outcomes = if is_purge {
        let targets = keys.into_iter().map(|key| PurgeTarget { key, version: None }).collect();
        write(dry_run, state.services.purge_contacts.execute(&caller, targets, dry_run, keeping))
            .await?
    } else {
        let deletions = keys.into_iter().map(|key| Deletion { key, version: None }).collect();
        write(dry_run, state.services.delete_contacts.execute(&caller, deletions, dry_run, keeping))
            .await?
    };
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));
    once.send(&room, reply(outcomes)?).await
}

impl DeletionsBody {
    /// The keys, of which there may be so many.
    fn read(self, limit: usize) -> Result<Vec<AliasKey>, Problem> {
        let Self { ids, external_ids, link_ids, purge: _, dry_run: _ } = self;
        if ids.len() + external_ids.len() + link_ids.len() > limit {
            let detail = format!("a request may have at most {limit} keys");
            return Err(Problem::new(Kind::TooManyItems, detail));
        }
        let ids = ids.into_iter().enumerate().map(|(index, id)| {
            let id = ContactId::new(id).map(AliasKey::Id);
            id.ok_or_else(|| wrong("ids", index, "a positive integer below 2^53"))
        });
        let external_ids =
            external_ids.into_iter().enumerate().map(|(index, key)| match key.trim().is_empty() {
                true => Err(wrong("externalIds", index, "a text that is not blank")),
                false => Ok(AliasKey::ExternalId(key)),
            });
        let link_ids = link_ids.into_iter().enumerate().map(|(index, key)| {
            let key = LinkId::parse(&key).ok().map(AliasKey::LinkId);
            key.ok_or_else(|| wrong("linkIds", index, "a UUID with hyphens"))
        });
        ids.chain(external_ids).chain(link_ids).collect()
    }
}

fn wrong(list: &str, index: usize, expected: &str) -> Problem {
    Problem::new(Kind::BodyOfWrongShape, format!("{list}[{index}] has to be {expected}"))
}
