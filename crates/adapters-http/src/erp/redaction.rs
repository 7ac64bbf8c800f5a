//! What a caller may see of a contact.

use std::borrow::Cow;
use std::fmt;

use contacts_application::access::{Scope, Scopes};
use contacts_domain::Violation;
use contacts_domain::path::Segment;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::DetailReply;

/// The block that needs a scope of its own: salary data.
const STAFF: &str = "staff";

/// What a caller may see: contacts with the scope `read`, their block `staff` with the scope
/// `staff`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Redaction {
    pub(super) contacts: bool,
    staff: bool,
}

impl Redaction {
    pub(super) fn of(scopes: Scopes) -> Self {
        Self { contacts: scopes.include(Scope::Read), staff: scopes.include(Scope::Staff) }
    }

    /// The document without what the caller may not see; the text as it is where that is all.
    ///
    /// # Errors
    ///
    /// When the document is not a JSON object.
    pub(super) fn document<'d>(self, document: &'d str) -> serde_json::Result<Cow<'d, str>> {
        if self.staff || !document.contains("\"staff\"") {
            return Ok(Cow::Borrowed(document));
        }
        serde_json::Deserializer::from_str(document).deserialize_map(WithoutStaff).map(Cow::Owned)
    }

    /// A violation as the caller may see it. What is merely wrong with a block that is hidden is
    /// hidden with it.
    pub(super) fn detail(self, violation: &Violation) -> Option<DetailReply<'_>> {
        if self.hides_place(violation) && !violation.is_error() {
            return None;
        }
        let mut detail = DetailReply::of(violation);
        if self.hides_value(violation) {
            detail.data = Cow::Borrowed("");
        }
        Some(detail)
    }

    /// A violation that refuses the request, as the caller may see it: always, but not its value.
    pub(super) fn refusal(self, violation: Violation) -> Violation {
        let value = if self.hides_value(&violation) { String::new() } else { violation.value };
        Violation { value, ..violation }
    }

    /// Values may be stored ones, so who may not read contacts gets none to see.
    fn hides_value(self, violation: &Violation) -> bool {
        !self.contacts || self.hides_place(violation)
    }

    fn hides_place(self, violation: &Violation) -> bool {
        let is_staff = matches!(
            violation.path.segments().first(),
            Some(Segment::Member(name)) if **name == *STAFF
        );
        is_staff && !self.staff
    }
}

/// Copies an object member by member, as raw text, but for `staff`.
struct WithoutStaff;

impl<'de> Visitor<'de> for WithoutStaff {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a contact document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<String, A::Error> {
        let mut kept = String::from("{");
        while let Some((name, value)) = members.next_entry::<Cow<'de, str>, &RawValue>()? {
            if name != STAFF {
                if kept.len() > 1 {
                    kept.push(',');
                }
                kept.push_str(&serde_json::Value::from(name).to_string());
                kept.push(':');
                kept.push_str(value.get());
            }
        }
        kept.push('}');
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_scope_the_staff_block_is_left_out_and_nothing_else() {
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
    fn with_the_scope_the_text_is_passed_on_as_it_is() {
        let redaction = Redaction::of([Scope::Read, Scope::Staff].into_iter().collect());
        let document = r#"{ "staff" : {"amount": 1.50} }"#;
        assert!(
            matches!(redaction.document(document), Ok(Cow::Borrowed(text)) if text == document)
        );
    }
}
