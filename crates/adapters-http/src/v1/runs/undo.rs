//! `POST /v1/runs/{id}/undo`: takes a run back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::NotUndone;
use contacts_domain::Version;
use contacts_domain::tree::Difference;
use contacts_domain::undoing::{UndoOutcome, UndoReport, UndoVerdict, Undone};
use serde::Serialize;
use utoipa::ToSchema;

use super::run_path::{RunPath, unknown};
use crate::applying;
use crate::limits::{Room, Unit};
use crate::openapi::{UndoProblems, WritingHeaders};
use crate::problem::corrupt::log_corrupt;
use crate::problem::{Kind, Problem};
use crate::reply::of_json;
use crate::reply::parts::{ElementWriter, Elements};
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Merge};
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::change_body::ChangeBody;
use crate::v1::parameters::Parameters;
use crate::v1::violation_body::ViolationBody;
use crate::v1::word::{Word, word_schema};

word_schema!(UndoWord(UndoVerdict), "What became of a contact.");

impl Word for UndoVerdict {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

/// The parameters of an undo.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct UndoParams {
    /// Whether to answer what would become of each contact, and change nothing.
    dry_run: Option<bool>,
}

/// About how many bytes an item takes beside what goes back and what stays.
const BESIDE_DIFFERENCES: usize = 480;

/// What became of the contacts of a run.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `undo_run` writes")]
pub(super) struct UndoBody<'a> {
    /// How many contacts there are, and of each verdict.
    summary: UndoSummary,
    /// The run that took them back; null if nothing changed.
    run: Option<i64>,
    /// Each contact of the run, by id.
    items: Vec<UndoItem<'a>>,
}

/// How many contacts there are, and of each verdict.
#[derive(Serialize, ToSchema)]
struct UndoSummary {
    /// All contacts of the run.
    items: usize,
    /// Those that are as they were before it, but for fields that stay.
    reverted: usize,
    /// Those that it created, and that are deleted.
    deleted: usize,
    /// Those that stay as they are.
    kept: usize,
    /// Those that were deleted since.
    gone: usize,
    /// Those that were as before already.
    unchanged: usize,
}

/// What became of a contact.
#[derive(Serialize, ToSchema)]
struct UndoItem<'a> {
    /// The id.
    id: i64,
    /// The outcome in one word.
    #[schema(value_type = UndoWord)]
    verdict: &'static str,
    /// The version from now on; null of a contact that is erased.
    version: Option<i64>,
    /// What goes back; in a dry run only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    changes: Option<Vec<ChangeBody<'a>>>,
    /// The fields that stay, because somebody changed them since: what they were before the run, and
    /// what they are. An answer that is given again without documents names them alone.
    kept: Vec<ChangeBody<'a>>,
    /// Why the whole contact stays, if not because somebody changed it.
    violations: Vec<ViolationBody<'a>>,
}

/// Take a run back
///
/// Every contact that the run changed goes back to what it was before: what it created is deleted, what
/// it deleted or merged lives again. Only the run's own changes go back. A field that somebody changed
/// since stays and is named, and so does a contact that the run created and somebody has changed since.
/// The undo is a run of its own, and can be taken back. Done twice, it changes nothing more.
#[utoipa::path(
    post,
    path = "/v1/runs/{id}/undo",
    tag = "native",
    operation_id = "undoRun",
    params(RunPath, UndoParams, WritingHeaders),
    responses(
        (
            status = OK,
            description = "What became of each contact.",
            body = UndoBody<'_>,
            example = json!({
                "summary": {
                    "items": 2, "reverted": 1, "deleted": 1, "kept": 0, "gone": 0, "unchanged": 0,
                },
                "run": 5,
                "items": [
                    {
                        "id": 7,
                        "verdict": "reverted",
                        "version": 4,
                        "kept": [{"pointer": "/phone", "from": "022 700 59 29", "to": "079 123 45 67"}],
                        "violations": [],
                    },
                    {"id": 9, "verdict": "deleted", "version": 2, "kept": [], "violations": []},
                ],
            }),
        ),
        UndoProblems,
    ),
)]
pub(super) async fn undo_run(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Merge>,
    Extension(room): Extension<Room>,
    RunPath(id): RunPath,
    preferences: Preferences,
    mut parameters: Parameters,
    once: Once,
) -> Result<Response, Problem> {
    let dry_run = parameters.word("dryRun")?.unwrap_or(false) || preferences.dry_run;
    parameters.end()?;
    room.count(Unit::Items, 1)?;
    let redaction = Redaction::of(caller.scopes);
    let reply = move |undone: Undone| {
        let opening = opening(&undone)?;
        let writer = UndoWriter { redaction, shows_changes: dry_run };
        let answer = of_json(Elements { writer, opening, all: undone.outcomes });
        Ok(preferences.dry_run_alone().note(answer))
    };
    let keeping = once.keeping(move |report: &UndoReport| match report {
        Ok(undone) => reply(undone.clone()),
        Err(overtaken) => Err(Problem::unavailable(Some((*overtaken).into()))),
    });
    let undo = |bytes| services.undo_run.execute(&caller, id, bytes, dry_run, keeping.clone());
    match applying::change(&room, dry_run, undo).await? {
        Ok(undone) => {
            log_corrupt(undone.outcomes.iter().filter_map(|outcome| outcome.violation.as_ref()));
            once.send(&room, reply(undone)?).await
        }
        Err(NotUndone::Unknown) => Err(unknown()),
        Err(gone @ NotUndone::Gone) => Err(Problem::new(Kind::RunGone, gone.to_string())),
    }
}

/// What stands before the items.
fn opening(undone: &Undone) -> Result<String, Problem> {
    let count =
        |verdict| undone.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let summary = UndoSummary {
        items: undone.outcomes.len(),
        reverted: count(UndoVerdict::Reverted),
        deleted: count(UndoVerdict::Deleted),
        kept: count(UndoVerdict::Kept),
        gone: count(UndoVerdict::Gone),
        unchanged: count(UndoVerdict::Unchanged),
    };
    let summary = serde_json::to_string(&summary).map_err(Problem::internal)?;
    let run = undone.run.map_or_else(|| "null".to_owned(), |run| run.to_string());
    Ok(format!(r#"{{"summary":{summary},"run":{run},"items":["#))
}

/// Writes what became of contacts for one caller.
struct UndoWriter {
    redaction: Redaction,
    shows_changes: bool,
}

impl UndoWriter {
    fn shown<'a>(&self, differences: &'a [Difference]) -> Vec<ChangeBody<'a>> {
        let shown = differences.iter().filter(|found| self.redaction.shows(&found.path));
        shown.map(ChangeBody::of).collect()
    }
}

impl ElementWriter for UndoWriter {
    type Of = UndoOutcome;

    fn size(&self, outcome: &UndoOutcome) -> usize {
        BESIDE_DIFFERENCES + outcome.bytes()
    }

    /// Without documents, what goes back is left out, and what stays is named without its values.
    fn write(
        &self,
        outcome: &UndoOutcome,
        is_whole: bool,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let shows_changes = self.shows_changes && self.redaction.shows_contacts && is_whole;
        let mut kept = self.shown(&outcome.kept);
        if !is_whole {
            kept.iter_mut().for_each(ChangeBody::leave_out_values);
        }
        let violations = outcome.violation.iter();
        let violations = violations.filter_map(|found| ViolationBody::of(found, self.redaction));
        let item = UndoItem {
            id: outcome.contact.get(),
            verdict: outcome.verdict.as_str(),
            version: outcome.version.map(Version::get),
            changes: shows_changes.then(|| self.shown(&outcome.changes)),
            kept,
            violations: violations.collect(),
        };
        serde_json::to_writer(out, &item)
    }
}
