//! Values that break a rule and refuse nothing: those with one certain meaning, and under
//! `handling=lenient` those that are left out (upsert-rules §6).

use std::collections::HashMap;

use super::document::ContactDocument;
use super::rules::check_leaf;
use crate::context::Handling;
use crate::path::Path;
use crate::rule::{Rule, Severity, Stage};
use crate::tree::{self, Edit, Leaf, Meaning, TextValue};
use crate::value::{ParseCache, TagName};
use crate::violation::{Violation, Violations};

/// The members that say which contact an item is about. Their errors are never forgiven.
pub(crate) const IDENTITY: [&str; 7] =
    ["id", "contactId", "contactType", "organizationId", "externalId", "linkId", "ifVersion"];

/// Whether [`correct`] might change the value.
pub(super) fn may_correct(violation: &Violation, handling: Handling) -> bool {
    let has_meaning =
        violation.rule.severity() == Severity::Error && violation.severity == Severity::Warning;
    let is_of_one_value = matches!(violation.rule.stage(), Stage::Text | Stage::Amount)
        || matches!(violation.rule, Rule::Limits | Rule::Birth);
    has_meaning || handling == Handling::Lenient && violation.is_error() && is_of_one_value
}

/// Puts in what is stored in place of what was sent, takes out what is forgiven, and returns a
/// warning for each. `violations` are those of the document.
pub(super) fn correct(
    document: &mut ContactDocument,
    violations: &Violations,
    handling: Handling,
    cache: &mut ParseCache,
) -> Violations {
    let is_forgiven =
        |found: &&Violation| found.rule == Rule::Birth && handling == Handling::Lenient;
    let births: HashMap<&Path, &Violation> =
        violations.iter().filter(is_forgiven).map(|found| (&found.path, found)).collect();
    let mut noted = Violations::default();
    tree::correct(document, &mut |at, leaf| {
        let mut edit = None;
        check_leaf(leaf, at, cache, &mut |rule, value, error| {
            let next = match &error.meaning {
                Some(Meaning::Stored(text)) => Edit::Set(text.clone()),
                Some(Meaning::Null) => Edit::Clear,
                None if handling == Handling::Lenient && is_value(leaf) => Edit::Remove,
                Some(Meaning::ReadAs(_)) | None => return,
            };
            let mut found = error.at(rule, at, value);
            if matches!(next, Edit::Remove) && (!found.is_error() || is_identity(&found.path)) {
                return;
            }
            found.severity = Severity::Warning;
            noted.extend([found]);
            if !matches!(edit, Some(Edit::Remove)) {
                edit = Some(next);
            }
        });
        if !births.is_empty()
            && let Some(birth) = births.get(&at.path())
        {
            noted.extend([Violation { severity: Severity::Warning, ..(*birth).clone() }]);
            edit = Some(Edit::Remove);
        }
        edit
    });
    noted
}

/// Whether it is a text or a number. The name of a tag is its identity.
fn is_value(leaf: Leaf<'_>) -> bool {
    match leaf {
        Leaf::Text(kind, _) => kind.name != TagName::KIND.name,
        Leaf::Amount(..) | Leaf::Number(_) => true,
        Leaf::List(_)
        | Leaf::OpaqueObject(_)
        | Leaf::Name(_)
        | Leaf::CustomFields(_)
        | Leaf::Members(_) => false,
    }
}

fn is_identity(path: &Path) -> bool {
    IDENTITY.iter().any(|name| *path == Path::of(name))
}
