//! A rule violation as the ERP contract shows it.

use std::borrow::Cow;

use contacts_domain::{Fix, Rule, Violation};
use serde::Serialize;
use utoipa::ToSchema;

use super::error_code::ErrorCode;

/// What an answer tells of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Details {
    /// The four members of the contract.
    #[default]
    OfContract,
    /// The rule, the message and the fix as well.
    Full,
}

/// One broken rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DetailReply<'a> {
    /// The offending value, at most 200 characters of it.
    #[schema(example = "12ab", max_length = 200)]
    pub(crate) data: Cow<'a, str>,
    /// The code of the rule.
    error_code: ErrorCode,
    /// The path of the member; empty for the item itself.
    #[schema(example = "addresses[0].postCode")]
    field_name: String,
    /// Whether it refused the item.
    pub(crate) is_severe: bool,
    /// The rule, as an anchor in `docs/rules.md`; only under `Prefer: detail=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "country-code", nullable = false)]
    rule: Option<String>,
    /// What is wrong, in words; only under `Prefer: detail=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "must be an ISO 3166-1 alpha-2 code", nullable = false)]
    message: Option<&'a str>,
    /// A JSON Patch (RFC 6902) of the item that corrects it, where that is certain; only under
    /// `Prefer: detail=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<PatchOperation>, required = false)]
    fix: Option<[&'a Fix; 1]>,
}

/// One operation of a JSON Patch (RFC 6902).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes how `Fix` is written")]
pub(crate) struct PatchOperation {
    /// What is done.
    #[schema(example = "replace")]
    op: String,
    /// The JSON Pointer of the member in the item.
    #[schema(example = "/addresses/0/countryCode2")]
    path: String,
    /// Of a `move`: the JSON Pointer of the member that is moved.
    #[schema(nullable = false)]
    from: Option<String>,
    /// Of an `add` or `replace`: the new value.
    #[schema(example = "GB")]
    value: Option<String>,
}

impl<'a> DetailReply<'a> {
    /// Shows a violation unredacted.
    pub(crate) fn of(violation: &'a Violation, details: Details) -> Self {
        let is_full = details == Details::Full;
        Self {
            data: Cow::Borrowed(&violation.value),
            error_code: ErrorCode(violation.code()),
            field_name: violation.path.to_string(),
            is_severe: violation.is_error(),
            rule: is_full.then(|| violation.rule.anchor()),
            message: is_full.then(|| message(violation)),
            fix: violation.fix.as_ref().filter(|_| is_full).map(|fix| [fix]),
        }
    }

    /// Leaves out what may show a stored value. The message becomes the sentence of the rule.
    pub(crate) fn redacted(self, violation: &Violation) -> Self {
        let message = self.message.map(|_| violation.rule.about());
        Self { data: Cow::Borrowed(""), message, fix: None, ..self }
    }
}

/// The message for a caller. Why a stored contact cannot be read is for the log.
fn message(violation: &Violation) -> &str {
    match violation.rule {
        Rule::StoredReadable => violation.rule.about(),
        _ => &violation.message,
    }
}
