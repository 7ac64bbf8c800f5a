//! The answer to a batch, written into one buffer. The text of a stored document is copied as it is.

use contacts_domain::contact::{Record, Snapshot};
use contacts_domain::tree::Text;
use contacts_domain::upsert::{Outcome, Verdict};
use contacts_domain::{Code, Timestamp, Violation};
use rayon::prelude::*;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::redaction::Redaction;
use super::workflow::{WorkflowReply, Workflows};
use crate::openapi::ContactDocumentSchema;
use crate::problem::detail::DetailReply;
use crate::problem::error_code::ErrorCode;

/// The most outcomes that one thread writes, in about 1.2 ms. Joining the parts of several threads
/// costs as much as writing a few hundred.
const CHUNK: usize = 1_024;

/// About how many bytes an item takes beside its document.
const BESIDE_DOCUMENT: usize = 640;

/// The answer to a batch.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `ReplyWriter::write` writes")]
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
    /// Whether the caller prefers an answer without the contacts.
    pub(super) is_minimal: bool,
}

impl ReplyWriter {
    /// Writes the whole answer. Fails if a stored document is not JSON.
    pub(super) fn write(&self, outcomes: &[Outcome]) -> serde_json::Result<Vec<u8>> {
        let parts: Vec<Vec<u8>> = if outcomes.len() <= CHUNK {
            vec![self.write_items(outcomes)?]
        } else {
            outcomes
                .par_chunks(CHUNK)
                .map(|chunk| self.write_items(chunk))
                .collect::<Result<_, _>>()?
        };
        let mut body =
            Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum::<usize>() + 16);
        body.extend_from_slice(br#"{"items":["#);
        for (position, part) in parts.into_iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&part);
        }
        body.extend_from_slice(b"]}");
        Ok(body)
    }

    fn write_items(&self, outcomes: &[Outcome]) -> serde_json::Result<Vec<u8>> {
        let size = |outcome: &Outcome| {
            BESIDE_DOCUMENT + self.shown(outcome).map_or(0, |contact| contact.record.document.len())
        };
        let mut out = Vec::with_capacity(outcomes.iter().map(size).sum());
        for (position, outcome) in outcomes.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            self.write_item(outcome, &mut out)?;
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
        let record = outcome.contact.as_ref().map(|contact| &contact.record);
        let error_code = self.error(outcome);
        serde_json::to_writer(
            &mut *out,
            &ItemReply {
                error: outcome.verdict.is_refusal(),
                severe_error: error_code.error_detail_values.iter().any(|detail| detail.is_severe),
                error_code,
                fresh_data: Spliced,
                fresh_row: shown.map(row),
                possible_workflows: self.workflows.of_contact(record),
            },
        )?;
        if let Some(brace) = out.get_mut(brace) {
            *brace = b',';
        }
        Ok(())
    }

    /// The contact of an outcome, unless it is redacted or the answer is minimal.
    fn shown<'o>(&self, outcome: &'o Outcome) -> Option<&'o Snapshot> {
        outcome.contact.as_deref().filter(|_| self.redaction.shows_contacts && !self.is_minimal)
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

fn row(Snapshot { record, document, .. }: &Snapshot) -> RowReply<'_> {
    let Record { id, projection, version, updated_at, .. } = record;
    let address = document.addresses.get().and_then(|addresses| addresses.first());
    RowReply {
        id: id.get(),
        contact_id: id.get(),
        contact_type: projection.contact_type.as_str(),
        external_id: projection.external_id.as_deref(),
        display_name: &projection.display_name,
        email: document.email.get().map(Text::as_str),
        phone: document.phone.get().map(Text::as_str),
        city: address.and_then(|address| address.city.get()).map(Text::as_str),
        country_code2: address.and_then(|address| address.country_code2.get()).map(Text::as_str),
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
