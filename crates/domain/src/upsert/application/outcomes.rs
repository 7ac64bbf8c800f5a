//! The outcomes of an item.

use super::Application;
use crate::contact::document::ContactDocument;
use crate::contact::{Refused, Snapshot, too_large};
use crate::path::Path;
use crate::rule::Rule;
use crate::tree;
use crate::upsert::item::ParsedItem;
use crate::upsert::outcome::{ContactState, Outcome, Verdict};
use crate::violation::{Violation, Violations};

impl Application<'_> {
    pub(super) fn state(&self, contact: &Snapshot) -> ContactState {
        ContactState::of(contact, self.shown.documents, self.provisional_ids)
    }

    pub(super) fn stored(
        &self,
        verdict: Verdict,
        violations: Violations,
        contact: &Snapshot,
    ) -> Outcome {
        let contact = Some(self.state(contact));
        Outcome { verdict, contact, ..Outcome::rejected(violations) }
    }

    /// The outcome of an item that changes its contact.
    pub(super) fn changed(
        &self,
        verdict: Verdict,
        violations: Violations,
        before: Option<&Snapshot>,
        now: &Snapshot,
    ) -> Outcome {
        let mut outcome = self.stored(verdict, violations, now);
        if self.shown.changes {
            let nothing = ContactDocument::default();
            let before = before.map_or(&nothing, |before| &before.document);
            let is_deleted = now.record.deleted_at.is_some();
            let after = if is_deleted { &nothing } else { &now.document };
            let found = tree::differences(before, after).into_iter();
            outcome.changes =
                found.map(|found| found.without_numbers(&self.provisional_ids.0)).collect();
        }
        outcome
    }

    /// The outcome of a refused candidate. A document that is too large is reported as well.
    pub(super) fn refusal(&self, candidate: Refused, before: Option<&Snapshot>) -> Outcome {
        let stored = before.map(|before| &before.document);
        let too_large = too_large(&candidate.document, stored);
        self.refused(candidate.violations, too_large, before)
    }

    /// A refusal by these violations and perhaps one more.
    pub(super) fn refused(
        &self,
        mut violations: Violations,
        further: Option<Violation>,
        before: Option<&Snapshot>,
    ) -> Outcome {
        violations.extend(further);
        violations.sort();
        let contact = before.map(|before| self.state(before));
        Outcome { contact, ..Outcome::rejected(violations) }
    }

    /// The outcome of an item that names another version than the current one.
    pub(super) fn stale(&self, item: &ParsedItem, before: Option<&Snapshot>) -> Option<Outcome> {
        let current = before.map(|before| before.record.version.get());
        let version = item.if_version.filter(|version| Some(*version) != current)?;
        let message = match current {
            Some(current) => format!("the current version is {current}"),
            None => "there is no such contact yet".to_owned(),
        };
        let violation =
            Violation::new(Rule::Current, Path::of("version"), version.to_string(), message);
        let contact = before.map(|before| self.state(before));
        Some(Outcome { verdict: Verdict::Stale, contact, ..Outcome::rejected(violation) })
    }

    /// The outcome of an item whose contact is no entry of an intercom.
    pub(super) fn no_entry(item: &ParsedItem) -> Outcome {
        let (path, id) = match item.named_id() {
            Some(id) => (Path::of("id"), id.to_string()),
            None => (Path::root(), String::new()),
        };
        let message = "the contact is no entry of an intercom";
        Outcome::rejected(Violation::new(Rule::Exists, path, id, message))
    }
}
