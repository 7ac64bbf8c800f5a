//! The result of an item.

use contacts_domain::upsert::{ContactState, Outcome};
use contacts_domain::{ContactId, Rule, RunId, Violation};
use serde::Serialize;
use utoipa::ToSchema;

use super::explanation_body::ExplanationBody;
use crate::openapi::ContactDocumentSchema;
use crate::reply::parts::{ElementWriter, Spliced};
use crate::reply::redaction::Redaction;
use crate::v1::change_body::ChangeBody;
use crate::v1::contact_body;
use crate::v1::violation_body::ViolationBody;
use crate::v1::word::{MatchKey, VerdictWord, Word};

const IF_VERSION: &str = "/$/ifVersion";

/// About how many bytes a result takes beside its document and its violations.
const BESIDE_DOCUMENT: usize = 160;

/// About how many bytes a violation takes.
const VIOLATION: usize = 320;

/// The members of a result that one without documents leaves out.
pub(crate) const DOCUMENTS: [&str; 3] = ["changes", "explain", "contact"];

/// An item and its outcome.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The position of the item, from 0.
    pub(crate) index: usize,
    /// The number of its line, in a stream.
    pub(crate) line: Option<u64>,
    /// The caller's own name for the item.
    pub(crate) reference: Option<String>,
    pub(crate) outcome: Outcome,
}

/// The result of one item. Members without a value are left out; for a token without the scope
/// `read` there are only `index`, `ref`, `verdict` and `violations`, without values.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchResult)]
pub(crate) struct ResultBody<'a> {
    /// The position of the item, from 0.
    #[schema(example = 0)]
    index: usize,
    /// The number of its line in a stream, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1, nullable = false)]
    line: Option<u64>,
    /// The run that changed the contact, in a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 5, nullable = false)]
    run: Option<i64>,
    /// The item's own `$.ref`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128, nullable = false)]
    reference: Option<&'a str>,
    /// What became of the item.
    #[schema(value_type = VerdictWord)]
    verdict: &'static str,
    /// The id of the contact; left out where a dry run would create it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 42, nullable = false)]
    id: Option<i64>,
    /// The link id of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link_id: Option<String>,
    /// The external id of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ERP-10001", nullable = false)]
    external_id: Option<&'a str>,
    /// The version of the contact right after the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1, nullable = false)]
    version: Option<i64>,
    /// The key that found the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MatchKey, required = false)]
    matched_by: Option<&'static str>,
    /// The index of the first item that named the same contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0, nullable = false)]
    same_as: Option<usize>,
    /// The contacts that a shared key found, at most 10, or the one that has a key of the item; null for one that a dry run would create.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Option<i64>>,
    /// The broken rules, errors and warnings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<ViolationBody<'a>>,
    /// What the item changed; only in a dry run and under `explain=true`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeBody<'a>>,
    /// How the item was matched and merged; only under `explain=true`, and not for an item that cannot
    /// be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ExplanationBody, required = false)]
    explain: Option<ExplanationBody<'a>>,
    /// The contact right after the item; only under `return=representation`.
    #[serde(skip_serializing_if = "Spliced::is_skipped")]
    #[schema(value_type = ContactDocumentSchema, required = false)]
    contact: Spliced,
}

impl<'a> ResultBody<'a> {
    fn of(answered: &'a Answered, redaction: Redaction, is_whole: bool) -> Self {
        let Answered { index, line, reference, outcome } = answered;
        let sees = redaction.shows_contacts;
        let contact = outcome.contact.as_ref().filter(|_| sees);
        let violations = outcome.violations.iter();
        let explanation = outcome.explanation.as_deref().filter(|_| sees && is_whole);
        Self {
            index: *index,
            line: *line,
            run: contact.filter(|_| line.is_some()).and_then(|contact| contact.run).map(RunId::get),
            reference: reference.as_deref(),
            verdict: outcome.verdict.as_str(),
            id: contact.and_then(|contact| contact.id).map(ContactId::get),
            link_id: contact.and_then(|contact| contact.link_id).map(|id| id.to_string()),
            external_id: contact.and_then(|contact| contact.external_id.as_deref()),
            version: contact.map(|contact| contact.version.get()),
            matched_by: outcome.matched_by.filter(|_| sees).map(Word::as_str),
            same_as: outcome.same_as.filter(|_| sees),
            candidates: candidates(outcome, redaction),
            violations: violations.filter_map(|found| violation(found, redaction)).collect(),
            changes: if is_whole { changes(outcome, redaction) } else { Vec::new() },
            explain: explanation.map(|found| ExplanationBody::of(found, redaction)),
            contact: Spliced,
        }
    }
}

fn candidates(outcome: &Outcome, redaction: Redaction) -> Vec<Option<i64>> {
    let shown = outcome.candidates.iter().filter(|_| redaction.shows_contacts);
    shown.map(|id| id.map(ContactId::get)).collect()
}

fn changes(outcome: &Outcome, redaction: Redaction) -> Vec<ChangeBody<'_>> {
    let shown = outcome.changes.iter().filter(|change| redaction.shows(&change.path));
    shown.map(ChangeBody::of).collect()
}

/// A violation, at the place where this API has the version that an item names.
fn violation(found: &Violation, redaction: Redaction) -> Option<ViolationBody<'_>> {
    let body = ViolationBody::of(found, redaction)?;
    Some(if found.rule == Rule::Current { body.at(IF_VERSION) } else { body })
}

/// Writes results for one caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResultWriter {
    pub(crate) redaction: Redaction,
}

impl ElementWriter for ResultWriter {
    type Of = Answered;

    fn size(&self, Answered { outcome, .. }: &Answered) -> usize {
        let record = outcome.contact.as_ref().and_then(ContactState::record);
        let beside = if record.is_some() { 2 * BESIDE_DOCUMENT } else { BESIDE_DOCUMENT };
        beside + outcome.bytes() + VIOLATION * outcome.violations.len()
    }

    fn write(
        &self,
        answered: &Answered,
        is_whole: bool,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *out, &ResultBody::of(answered, self.redaction, is_whole))?;
        let contact = answered.outcome.contact.as_ref();
        let contact = contact.filter(|_| self.redaction.shows_contacts && is_whole);
        if let Some(record) = contact.and_then(ContactState::record) {
            // The closing brace makes room for one more member.
            out.pop();
            out.extend_from_slice(br#","contact":"#);
            contact_body::write(record, self.redaction, out)?;
            out.push(b'}');
        }
        Ok(())
    }
}
