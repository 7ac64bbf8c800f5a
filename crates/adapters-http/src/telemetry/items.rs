//! What became of the items of requests.

use std::collections::BTreeMap;

use contacts_application::use_cases::NotUndone;
use contacts_domain::ledger::ChangeKind;
use contacts_domain::merging::MergeReport;
use contacts_domain::restoring::{NotRestored, RestoreReport};
use contacts_domain::undoing::Undone;
use contacts_domain::upsert::{Outcome, Verdict};
use contacts_domain::{Rule, Violation};

/// How many items became what, and how often rules are broken, without those that do not occur.
#[derive(Debug, Clone, Default)]
pub(crate) struct Items {
    verdicts: BTreeMap<&'static str, usize>,
    violations: BTreeMap<(Rule, bool), usize>,
}

/// What a use case reports of items.
pub(crate) trait ItemReport {
    /// Adds them.
    fn count_in(&self, items: &mut Items);
}

impl Items {
    pub(super) fn of(report: &impl ItemReport) -> Self {
        let mut items = Self::default();
        report.count_in(&mut items);
        items
    }

    /// The word for what became of items, and of how many.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.verdicts.iter().map(|(verdict, count)| (*verdict, *count))
    }

    /// The name of each rule that is broken, whether that is an error or a warning, and how often.
    pub(super) fn violations(&self) -> impl Iterator<Item = (&'static str, &'static str, usize)> {
        self.violations.iter().map(|((rule, is_error), count)| {
            (rule.name(), if *is_error { "error" } else { "warning" }, *count)
        })
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.verdicts.values().sum()
    }

    /// The counts as text: `created=3, unchanged=997`.
    pub(super) fn text(&self) -> String {
        let counts = self.verdicts().map(|(verdict, count)| format!("{verdict}={count}"));
        counts.collect::<Vec<_>>().join(", ")
    }

    fn add(&mut self, verdict: &'static str) {
        *self.verdicts.entry(verdict).or_default() += 1;
    }

    fn add_violations<'v>(&mut self, violations: impl IntoIterator<Item = &'v Violation>) {
        for violation in violations {
            *self.violations.entry((violation.rule, violation.is_error())).or_default() += 1;
        }
    }
}

impl ItemReport for Vec<Outcome> {
    fn count_in(&self, items: &mut Items) {
        for outcome in self {
            items.add(outcome.verdict.as_str());
            items.add_violations(&outcome.violations);
        }
    }
}

/// A merge is of two items.
impl ItemReport for MergeReport {
    fn count_in(&self, items: &mut Items) {
        match self {
            Ok(_) => {
                items.add(ChangeKind::Updated.as_str());
                items.add(ChangeKind::Merged.as_str());
            }
            Err(violations) => {
                items.add(Verdict::Rejected.as_str());
                items.add(Verdict::Rejected.as_str());
                items.add_violations(violations);
            }
        }
    }
}

impl ItemReport for RestoreReport {
    fn count_in(&self, items: &mut Items) {
        items.add(match self {
            Ok(_) => ChangeKind::Restored.as_str(),
            Err(NotRestored::Stale(_)) => Verdict::Stale.as_str(),
            Err(_) => Verdict::Rejected.as_str(),
        });
    }
}

/// A run that cannot be taken back has no items.
impl ItemReport for Result<Undone, NotUndone> {
    fn count_in(&self, items: &mut Items) {
        for outcome in self.iter().flat_map(|undone| &undone.outcomes) {
            items.add(outcome.verdict.as_str());
            items.add_violations(&outcome.violation);
        }
    }
}
