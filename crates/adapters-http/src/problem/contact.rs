//! Problems of requests about single contacts.

use std::num::NonZeroI64;

use contacts_domain::{Code, ContactId, RunId, Violation};
use serde_json::Value;

use super::detail::Details;
use super::{Kind, Problem};

impl Problem {
    /// A merge that violates rules.
    pub(crate) fn merge_refused(violations: Vec<Violation>, details: Details) -> Self {
        let detail = match violations.first() {
            Some(violation) => violation.message.clone(),
            None => Kind::MergeRefused.title().to_owned(),
        };
        Self { violations, details, ..Self::new(Kind::MergeRefused, detail) }
    }

    /// A request about one contact that is refused: the kind, why, the violations as they are shown, and
    /// the contact that is in the way.
    pub(crate) fn contact_refused(
        kind: Kind,
        detail: Option<String>,
        code: Option<Code>,
        shown: Vec<Value>,
        owner: Option<ContactId>,
    ) -> Self {
        let owner = owner.and_then(|owner| NonZeroI64::new(owner.get()));
        let detail = detail.unwrap_or_else(|| kind.title().to_owned());
        Self { shown, code, owner, ..Self::new(kind, detail) }
    }

    /// A contact that is not restored, because it was merged: into which one it leads now, and the run
    /// that merged it, if the ledger still knows. Without both for a caller who may not read.
    pub(crate) fn merge_stands(into: Option<ContactId>, run: Option<RunId>) -> Self {
        let run = run.and_then(|run| NonZeroI64::new(run.get()));
        let detail = match (into, run) {
            (Some(into), Some(run)) => {
                format!("run {run} merged the contact, and it is a part of contact {into} now")
            }
            (Some(into), None) => format!("the contact was merged into contact {into}"),
            (None, _) => "the contact was merged into another one".to_owned(),
        };
        let merged_into = into.and_then(|into| NonZeroI64::new(into.get()));
        Self { merged_into, run, ..Self::new(Kind::MergeStands, detail) }
    }

    /// A contact that is there no more, because it was merged into that one.
    pub(crate) fn merged(into: ContactId) -> Self {
        let detail = format!("the contact was merged into contact {into}");
        Self { merged_into: NonZeroI64::new(into.get()), ..Self::new(Kind::UnknownContact, detail) }
    }
}
