//! A place where two versions of a contact differ.

use contacts_domain::JsonText;
use contacts_domain::tree::Difference;
use serde::Serialize;
use utoipa::ToSchema;

/// A member of a contact that differs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(crate) struct ChangeBody<'a> {
    /// The JSON Pointer (RFC 6901) of the member.
    #[schema(example = "/lastName")]
    pointer: String,
    /// What stood there; left out if nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false, example = "Rochat")]
    from: Option<&'a JsonText>,
    /// What stands there now; left out if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false, example = "Favre")]
    to: Option<&'a JsonText>,
}

impl<'a> ChangeBody<'a> {
    pub(crate) fn of(Difference { path, before, after }: &'a Difference) -> Self {
        Self { pointer: path.pointer(), from: before.as_ref(), to: after.as_ref() }
    }

    /// Names the member alone.
    pub(crate) fn leave_out_values(&mut self) {
        (self.from, self.to) = (None, None);
    }
}
