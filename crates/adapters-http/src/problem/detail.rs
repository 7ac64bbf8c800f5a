//! A rule violation as the ERP contract shows it.

use std::borrow::Cow;

use contacts_domain::Violation;
use serde::Serialize;
use utoipa::ToSchema;

use super::error_code::ErrorCode;

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
}

impl<'a> DetailReply<'a> {
    /// Shows a violation unredacted.
    pub(crate) fn of(violation: &'a Violation) -> Self {
        Self {
            data: Cow::Borrowed(&violation.value),
            error_code: ErrorCode(violation.code()),
            field_name: violation.path.to_string(),
            is_severe: violation.is_error(),
        }
    }
}
