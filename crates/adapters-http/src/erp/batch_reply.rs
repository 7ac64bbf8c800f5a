//! The answer to a batch. The text of a stored document is copied as it is.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use contacts_application::compute::compute;
use contacts_domain::upsert::{Outcome, Verdict, WholeContact};
use contacts_domain::{Code, Violation};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::fresh_row::{FreshRow, RowReply};
use super::workflow::{WorkflowReply, Workflows};
use crate::openapi::ContactDocumentSchema;
use crate::problem::Problem;
use crate::problem::detail::{DetailReply, Details};
use crate::problem::error_code::ErrorCode;
use crate::reply::redaction::Redaction;
use crate::request::offload::offload;

/// The most outcomes of a part of the answer; one thread writes them in about 1.2 ms.
const MAX_OUTCOMES: usize = 1_024;

/// About the most bytes of a part of the answer, one item aside.
const MAX_BYTES: usize = 2 << 20;

/// How many parts are written while the client takes an earlier one.
const PARTS_AHEAD: usize = 2;

/// More outcomes are written on another thread.
const MANY_OUTCOMES: usize = 32;

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

/// A member whose JSON is copied as it is and not serialized.
#[derive(Serialize)]
struct Spliced;

impl Spliced {
    fn is_skipped(&self) -> bool {
        true
    }
}

/// Writes outcomes for one caller.
pub(super) struct ReplyWriter {
    pub(super) redaction: Redaction,
    pub(super) details: Details,
    pub(super) workflows: Workflows,
}

impl ReplyWriter {
    /// The answer: in one piece if it is short, else a stream of parts, of which two are ahead of
    /// the client.
    pub(super) async fn answer(self, outcomes: Vec<Outcome>) -> Result<Body, Problem> {
        let parts = self.parts(&outcomes);
        if let [whole] = parts.as_slice() {
            let (whole, is_long) = (whole.clone(), outcomes.len() > MANY_OUTCOMES);
            let body = offload(is_long, move || self.write(&outcomes, whole)).await?;
            return body.map(Body::from).map_err(Problem::internal);
        }
        let shared = Arc::new((self, outcomes));
        let parts = stream::iter(parts).map(move |part| {
            let shared = Arc::clone(&shared);
            async move {
                let part = compute(move || shared.0.write(&shared.1, part)).await;
                part.map_err(io::Error::other)?.map_err(io::Error::other)
            }
        });
        Ok(Body::from_stream(parts.buffered(PARTS_AHEAD)))
    }

    /// The outcomes of each part of the answer; at least one part.
    fn parts(&self, outcomes: &[Outcome]) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (index, outcome) in outcomes.iter().enumerate() {
            if index - start == MAX_OUTCOMES || bytes > MAX_BYTES {
                parts.push(start..index);
                (start, bytes) = (index, 0);
            }
            bytes += self.size(outcome);
        }
        parts.push(start..outcomes.len());
        parts
    }

    /// About how long the answer to an item is, in bytes.
    fn size(&self, outcome: &Outcome) -> usize {
        BESIDE_DOCUMENT + self.shown(outcome).map_or(0, |contact| contact.record.document.len())
    }

    /// Writes the answer to these outcomes, the first with what begins the body, the last with what
    /// ends it. Fails if a stored document is not JSON.
    fn write(&self, outcomes: &[Outcome], part: Range<usize>) -> serde_json::Result<Vec<u8>> {
        let is_last = part.end == outcomes.len();
        let mut separator: &[u8] = if part.start == 0 { br#"{"items":["# } else { b"," };
        let outcomes = outcomes.get(part).unwrap_or_default();
        let size: usize = outcomes.iter().map(|outcome| self.size(outcome)).sum();
        let mut out = Vec::with_capacity(size + BESIDE_DOCUMENT);
        for outcome in outcomes {
            out.extend_from_slice(separator);
            separator = b",";
            self.write_item(outcome, &mut out)?;
        }
        if outcomes.is_empty() {
            out.extend_from_slice(separator);
        }
        if is_last {
            out.extend_from_slice(b"]}");
        }
        Ok(out)
    }

    fn write_item(&self, outcome: &Outcome, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let shown = self.shown(outcome);
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
                fresh_row: FreshRow::of(outcome, self.redaction),
                possible_workflows: self.workflows.of_contact(outcome.contact.as_ref()),
            },
        )?;
        if let Some(brace) = out.get_mut(brace) {
            *brace = b',';
        }
        Ok(())
    }

    /// The contact of an outcome, unless it is redacted or the answer is minimal.
    fn shown<'o>(&self, outcome: &'o Outcome) -> Option<&'o WholeContact> {
        let contact = outcome.contact.as_ref().filter(|_| self.redaction.shows_contacts);
        contact.and_then(|contact| contact.whole.as_ref())
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
