//! The answer to a batch. The text of a stored document is copied as it is.

use contacts_domain::upsert::{Outcome, Verdict, WholeContact};
use contacts_domain::{Code, Violation};
use serde::Serialize;
use utoipa::ToSchema;

use super::fresh_row::{FreshRow, RowReply};
use super::workflow::{WorkflowReply, Workflows};
use crate::openapi::ContactDocumentSchema;
use crate::problem::detail::{DetailReply, Details};
use crate::problem::error_code::ErrorCode;
use crate::reply::parts::{ElementWriter, Elements, Spliced};
use crate::reply::redaction::Redaction;
use crate::v1::change_body::ChangeBody;

/// About how many bytes an item takes beside its document.
const BESIDE_DOCUMENT: usize = 640;

/// The answer to a batch.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `ReplyWriter` writes")]
pub(super) struct BatchReply<'a> {
    /// One element per item, in the order of the request.
    items: Vec<ItemReply<'a>>,
}

/// The result of one item.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ItemReply<'a> {
    /// Whether the item was refused.
    error: bool,
    /// Whether some detail is severe.
    severe_error: bool,
    /// The violations of the item.
    error_code: ErrorReply<'a>,
    /// The contact right after this item, whole, without `version`; `{}` where there is none.
    #[serde(skip_serializing_if = "Spliced::is_skipped")]
    #[schema(value_type = ContactDocumentSchema, required)]
    fresh_data: Spliced,
    /// The verdict, and the row of the contact in a list.
    #[schema(value_type = RowReply)]
    fresh_row: FreshRow<'a>,
    /// What would change; under `dry-run` with `detail=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    changes: Option<Vec<ChangeBody<'a>>>,
    /// The workflows that the contact's state and the caller's scopes allow.
    possible_workflows: &'a [WorkflowReply],
}

/// The violations of an item.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ErrorReply<'a> {
    /// The code of the first error; `NO_ERROR` for an item that was stored, with or without
    /// warnings.
    error_code: ErrorCode,
    /// Errors, and warnings with `isSevere: false`.
    error_detail_values: Vec<DetailReply<'a>>,
}

/// Writes outcomes for one caller.
pub(super) struct ReplyWriter {
    pub(super) redaction: Redaction,
    pub(super) details: Details,
    pub(super) workflows: Workflows,
    pub(super) shows_changes: bool,
}

impl ReplyWriter {
    /// The answer to these outcomes.
    pub(super) fn answer(self, outcomes: Vec<Outcome>) -> Elements<Self> {
        Elements { writer: self, opening: r#"{"items":["#.to_owned(), all: outcomes }
    }

    /// The contact of an outcome, unless it is redacted or the answer is minimal.
    fn shown<'o>(&self, outcome: &'o Outcome) -> Option<&'o WholeContact> {
        let contact = outcome.contact.as_ref().filter(|_| self.redaction.shows_contacts);
        contact.and_then(|contact| contact.whole.as_ref())
    }

    fn changes<'o>(&self, outcome: &'o Outcome) -> Option<Vec<ChangeBody<'o>>> {
        let shown = outcome.changes.iter().filter(|change| self.redaction.shows(&change.path));
        self.shows_changes.then(|| shown.map(ChangeBody::of).collect())
    }

    fn error<'o>(&self, outcome: &'o Outcome) -> ErrorReply<'o> {
        let violations = &outcome.violations;
        let code = match outcome.verdict {
            Verdict::Created | Verdict::Updated | Verdict::Unchanged | Verdict::Deleted => {
                Code::NoError
            }
            Verdict::Rejected => {
                let first_error = violations.iter().find(|violation| violation.is_error());
                first_error.map_or(Code::ValidationError, Violation::code)
            }
            Verdict::Ambiguous => Code::DuplicationError,
            Verdict::Stale => Code::ValidationError,
        };
        let details = violations.iter();
        let details =
            details.filter_map(|violation| self.redaction.detail(violation, self.details));
        ErrorReply { error_code: ErrorCode(code), error_detail_values: details.collect() }
    }
}

impl ElementWriter for ReplyWriter {
    type Of = Outcome;

    fn size(&self, outcome: &Outcome) -> usize {
        BESIDE_DOCUMENT + self.shown(outcome).map_or(0, |contact| contact.record.document.len())
    }

    fn write(
        &self,
        outcome: &Outcome,
        is_whole: bool,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let shown = self.shown(outcome).filter(|_| is_whole);
        out.extend_from_slice(br#"{"freshData":"#);
        match shown {
            Some(contact) => {
                out.extend_from_slice(
                    self.redaction.document(&contact.record.document)?.as_bytes(),
                );
            }
            None => out.extend_from_slice(b"{}"),
        }
        // The serializer opens the other members with a brace, which becomes a comma.
        let brace = out.len();
        let error_code = self.error(outcome);
        serde_json::to_writer(
            &mut *out,
            &ItemReply {
                error: outcome.verdict.is_refusal(),
                severe_error: error_code.error_detail_values.iter().any(|detail| detail.is_severe),
                error_code,
                fresh_data: Spliced,
                fresh_row: FreshRow::of(outcome, shown, self.redaction),
                changes: self.changes(outcome).filter(|_| is_whole),
                possible_workflows: self.workflows.of_contact(outcome.contact.as_ref()),
            },
        )?;
        if let Some(brace) = out.get_mut(brace) {
            *brace = b',';
        }
        Ok(())
    }
}
