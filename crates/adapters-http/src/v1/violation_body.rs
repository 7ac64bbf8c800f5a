//! A rule violation as the native API shows it.

use contacts_domain::{Fix, Rule, Severity, Violation};
use serde::Serialize;
use utoipa::ToSchema;

use super::word::{Word, words};
use crate::problem::detail::PatchOperation;
use crate::problem::error_code::ErrorCode;
use crate::reply::redaction::Redaction;

words!(SeverityWord(Severity), "How bad a violation is." { Error = "error", Warning = "warning" });

/// One broken rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Violation)]
pub(crate) struct ViolationBody<'a> {
    /// The JSON Pointer (RFC 6901) of the member; empty for the item itself.
    #[schema(example = "/addresses/0/countryCode2")]
    pointer: String,
    /// The rule, as an anchor in `docs/rules.md`.
    #[schema(example = "country-code")]
    rule: String,
    /// The code of the rule.
    code: ErrorCode,
    /// Whether it refused the item.
    #[schema(value_type = SeverityWord)]
    severity: &'static str,
    /// What is wrong, in words.
    #[schema(example = "must be an ISO 3166-1 alpha-2 code")]
    message: &'a str,
    /// The offending value, at most 200 characters of it; empty where the caller may not see it.
    #[schema(example = "Suisse", max_length = 200)]
    value: &'a str,
    /// A JSON Patch (RFC 6902) of the item that corrects it, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<PatchOperation>, required = false)]
    fix: Option<[&'a Fix; 1]>,
}

impl<'a> ViolationBody<'a> {
    /// The violation for a caller of these rights, or `None` for a warning about a hidden block.
    pub(crate) fn of(violation: &'a Violation, redaction: Redaction) -> Option<Self> {
        if redaction.hides_place(violation) && !violation.is_error() {
            return None;
        }
        let shows = !redaction.hides_value(violation);
        // Why a stored contact cannot be read is for the log.
        let shows_message = shows && violation.rule != Rule::StoredReadable;
        Some(Self {
            pointer: violation.path.pointer(),
            rule: violation.rule.anchor(),
            code: ErrorCode(violation.code()),
            severity: violation.severity.as_str(),
            message: if shows_message { &violation.message } else { violation.rule.about() },
            value: if shows { &violation.value } else { "" },
            fix: violation.fix.as_ref().filter(|_| shows).map(|fix| [fix]),
        })
    }

    /// The same at another place.
    pub(crate) fn at(self, pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), ..self }
    }
}
