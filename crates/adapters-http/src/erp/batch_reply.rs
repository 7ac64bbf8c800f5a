//! The answer to a batch. The text of a stored document is copied as it is.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use contacts_application::compute::compute;
use contacts_domain::contact::Record;
use contacts_domain::upsert::{Outcome, Verdict, WholeContact};
use contacts_domain::{Code, Timestamp, Violation};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::redaction::Redaction;
use super::workflow::{WorkflowReply, Workflows};
use crate::openapi::ContactDocumentSchema;
use crate::problem::Problem;
use crate::problem::detail::DetailReply;
use crate::problem::error_code::ErrorCode;
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
    /// The row of the contact in a list; `{}` where there is none.
    #[serde(serialize_with = "row_or_empty")]
    #[schema(value_type = RowReply, required)]
    fresh_row: Option<RowReply<'a>>,
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

/// The row of a contact in a list. Members without a value are `null`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RowReply<'a> {
    /// The id.
    #[schema(required = false, example = 42)]
    id: i64,
    /// The same id.
    #[schema(required = false, example = 42)]
    contact_id: i64,
    /// ORGANIZATION or PERSON.
    #[schema(required = false, example = "ORGANIZATION")]
    contact_type: &'static str,
    /// The caller's own key.
    #[schema(example = "ERP-10001")]
    external_id: Option<&'a str>,
    /// The display name.
    #[schema(required = false, example = "Boulangerie du Rhône SA")]
    display_name: &'a str,
    /// The e-mail address, as sent.
    #[schema(example = "info@boulangerie-rhone.example")]
    email: Option<&'a str>,
    /// The phone number, as sent.
    #[schema(example = "+41 22 700 59 29")]
    phone: Option<&'a str>,
    /// The city of the first address.
    #[schema(example = "Genève")]
    city: Option<&'a str>,
    /// The country of the first address.
    #[schema(example = "CH")]
    country_code2: Option<&'a str>,
    /// Whether the contact is archived.
    #[schema(required = false)]
    archived: bool,
    /// The version of the contact, which `ifVersion` is compared with.
    #[schema(required = false, example = 1)]
    version: i64,
    /// When the contact last changed, RFC 3339 in UTC.
    #[serde(serialize_with = "as_text")]
    #[schema(
        required = false,
        value_type = String,
        format = DateTime,
        example = "2026-11-02T08:15:30.25Z"
    )]
    updated_at: Timestamp,
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
                fresh_row: shown.map(row),
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
        let details = violations.iter().filter_map(|violation| self.redaction.detail(violation));
        ErrorReply { error_code: ErrorCode(code), error_detail_values: details.collect() }
    }
}

fn row(contact: &WholeContact) -> RowReply<'_> {
    let Record { id, projection, version, updated_at, .. } = &*contact.record;
    RowReply {
        id: id.get(),
        contact_id: id.get(),
        contact_type: projection.contact_type.as_str(),
        external_id: projection.external_id.as_deref(),
        display_name: &projection.display_name,
        email: contact.email.as_deref(),
        phone: contact.phone.as_deref(),
        city: contact.city.as_deref(),
        country_code2: contact.country_code2.as_deref(),
        archived: projection.archived,
        version: version.get(),
        updated_at: *updated_at,
    }
}

fn row_or_empty<S: Serializer>(row: &Option<RowReply<'_>>, to: S) -> Result<S::Ok, S::Error> {
    match row {
        Some(row) => row.serialize(to),
        None => to.serialize_map(Some(0))?.end(),
    }
}

fn as_text<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}
