//! Taking a text for what it certainly means (upsert-rules §6).

use super::check::check_leaf;
use super::document::ContactDocument;
use crate::rule::Severity;
use crate::tree::{self, Edit, Meaning};
use crate::value::ParseCache;
use crate::violation::{Violation, Violations};

/// Whether [`correct`] might change the text.
pub(super) fn may_correct(violation: &Violation) -> bool {
    violation.rule.severity() == Severity::Error && violation.severity == Severity::Warning
}

/// Puts in what is stored in place of what was sent, and returns a warning for each text.
pub(super) fn correct(document: &mut ContactDocument, cache: &mut ParseCache) -> Violations {
    let mut noted = Violations::default();
    tree::correct(document, &mut |at, leaf| {
        let mut edit = None;
        check_leaf(leaf, at, cache, &mut |rule, value, error| {
            let found = match &error.meaning {
                Some(Meaning::Stored(text)) => Edit::Set(text.clone()),
                Some(Meaning::Null) => Edit::Clear,
                Some(Meaning::ReadAs(_)) | None => return,
            };
            noted.extend([error.at(rule, at, value)]);
            edit = Some(found);
        });
        edit
    });
    noted
}
