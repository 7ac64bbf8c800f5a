//! What is removed from the answer to a caller without the scopes `read` or `staff:read`.

use std::borrow::Cow;

use contacts_application::access::{Scope, Scopes};
use contacts_domain::Violation;
use contacts_domain::path::Path;

use crate::problem::detail::{DetailReply, Details};
use crate::request::raw_object;

/// The block of salary data, which has a scope of its own.
const STAFF: &str = "staff";

/// What a caller may see.
///
/// - Without the scope `read`, the answer has no contacts, and no violation has a value, because
///   values may be stored ones.
/// - Without the scope `staff:read`, contacts have no block `staff`, warnings about this block are left
///   out, and errors about it have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Redaction {
    /// Whether the answer has contacts.
    pub(crate) shows_contacts: bool,
    shows_staff: bool,
}

impl Redaction {
    /// Every one, those that remove least first.
    pub(crate) const EACH: [Self; 4] = [
        Self { shows_contacts: true, shows_staff: true },
        Self { shows_contacts: true, shows_staff: false },
        Self { shows_contacts: false, shows_staff: true },
        Self { shows_contacts: false, shows_staff: false },
    ];

    pub(crate) fn of(scopes: Scopes) -> Self {
        Self {
            shows_contacts: scopes.include(Scope::Read),
            shows_staff: scopes.include(Scope::StaffRead),
        }
    }

    /// The document, without the block `staff` if the caller may not see it. Fails if the block has to
    /// be removed and the document is not a JSON object.
    pub(crate) fn document<'d>(self, document: &'d str) -> serde_json::Result<Cow<'d, str>> {
        if self.shows_staff || !document.contains("\"staff\"") {
            return Ok(Cow::Borrowed(document));
        }
        raw_object::without(document, STAFF).map(Cow::Owned)
    }

    /// A violation of an item, or `None` if it is a warning about a hidden block.
    pub(crate) fn detail(self, violation: &Violation, details: Details) -> Option<DetailReply<'_>> {
        if self.hides_place(violation) && !violation.is_error() {
            return None;
        }
        let detail = DetailReply::of(violation, details);
        Some(if self.hides_value(violation) { detail.redacted(violation) } else { detail })
    }

    /// A violation that refuses the request: without its value if that is hidden, and with the
    /// sentence of the rule, because a message may name the value.
    pub(crate) fn refusal(self, violation: Violation) -> Violation {
        if !self.hides_value(&violation) {
            return violation;
        }
        let message = violation.rule.about().to_owned();
        Violation { value: String::new(), message, fix: None, ..violation }
    }

    /// Whether the caller may not see the value of a violation, and what its message says of it.
    pub(crate) fn hides_value(self, violation: &Violation) -> bool {
        !self.shows_contacts || self.hides_place(violation)
    }

    /// Whether the caller may see what stands at that place of a contact.
    pub(crate) fn shows(self, path: &Path) -> bool {
        self.shows_contacts && (self.shows_staff || !path.is_within(STAFF))
    }

    /// Whether a violation is about a block that the caller may not see.
    pub(crate) fn hides_place(self, violation: &Violation) -> bool {
        !self.shows_staff && violation.path.is_within(STAFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_scope_only_the_staff_block_is_removed() {
        let redaction = Redaction::of([Scope::Read].into_iter().collect());
        for (document, seen) in [
            (r#"{"id":1}"#, r#"{"id":1}"#),
            (r#"{"staff":{"id":2}}"#, "{}"),
            (r#"{"id":1,"staff":{"a":[1]},"z":"\"staff\""}"#, r#"{"id":1,"z":"\"staff\""}"#),
            (r#"{"client":{"staff":1.50},"staff":{}}"#, r#"{"client":{"staff":1.50}}"#),
        ] {
            assert_eq!(redaction.document(document).unwrap(), seen);
        }
    }

    #[test]
    fn with_scope_the_text_is_unchanged() {
        let redaction = Redaction::of([Scope::Read, Scope::StaffRead].into_iter().collect());
        let document = r#"{ "staff" : {"amount": 1.50} }"#;
        assert!(
            matches!(redaction.document(document), Ok(Cow::Borrowed(text)) if text == document)
        );
    }
}
