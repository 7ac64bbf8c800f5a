//! Explaining what became of an item.

use super::Application;
use crate::contact::document::ContactDocument;
use crate::context::Handling;
use crate::ids::OutOfIds;
use crate::path::Path;
use crate::rule::Severity;
use crate::tree::{self, Stored};
use crate::upsert::explanation::{Explanation, Field, Merged, Reason};
use crate::upsert::item::ParsedItem;
use crate::upsert::matching::Match;
use crate::upsert::options::{Ladder, Mode};
use crate::upsert::outcome::{Outcome, Verdict};

impl Application<'_> {
    /// Applies an item as [`apply`](Self::apply) does, and explains the outcome.
    pub(in crate::upsert) fn apply_explained(
        &mut self,
        index: usize,
        item: &ParsedItem,
        ladder: &Ladder,
    ) -> Result<Outcome, OutOfIds> {
        let rungs = self.matching().rungs(item, ladder);
        let slot = match self.matching().find(item, ladder) {
            Ok(Match::Existing { slot, .. }) => Some(slot),
            Ok(Match::New | Match::Ambiguous { .. }) | Err(_) => None,
        };
        let before = slot.and_then(|slot| self.working_set.read(slot).ok());
        let mut outcome = self.apply(index, item, ladder)?;
        let fields = match (outcome.verdict, self.working_set.last(), before) {
            (Verdict::Created, Some(now), _) => {
                self.fields(item, &ContactDocument::default(), &now.document)
            }
            (Verdict::Updated | Verdict::Unchanged, Some(now), Some(before)) => {
                self.fields(item, &before.document, &now.document)
            }
            _ => Vec::new(),
        };
        outcome.explanation = Some(Box::new(Explanation { rungs, fields }));
        Ok(outcome)
    }

    fn fields(
        &self,
        item: &ParsedItem,
        before: &ContactDocument,
        after: &ContactDocument,
    ) -> Vec<Field> {
        let mut plain = before.clone();
        tree::patch(&mut plain, &item.document, self.options.arrays, Stored::Replaced);
        let left_out: Vec<&Path> = item
            .noted
            .iter()
            .filter(|found| found.fix.is_none() && found.rule.severity() == Severity::Error)
            .filter(|_| self.context.handling == Handling::Lenient)
            .map(|found| &found.path)
            .collect();
        let left_by = match self.options.mode {
            Mode::Fill => Reason::Fill,
            Mode::Upsert | Mode::Create | Mode::Update => Reason::Respelled,
        };
        Merged { sent: &item.document, left_out, before, plain: &plain, after, left_by }.fields()
    }
}
