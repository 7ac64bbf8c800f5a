//! Requests that are sent again with the same idempotency key.
//!
//! The answer of a request is kept in the transaction that writes its data, so that there is one
//! effect and one answer whatever happens between the two. A request that finds the answer of its key
//! is answered with it and does nothing.

use std::fmt;
use std::sync::Arc;

use super::kept_answer::{Answer, KeptAnswer, RequestDigest, RequestKey};
use super::{Decision, Loaded, LookupKeys, Writes};
use crate::ids::{IdBlock, OrganizationId, OutOfIds};
use crate::timestamp::Timestamp;

/// Writes the answer of a report. `None` if it must not be kept: the request may be sent again then.
pub type Render<R> = Arc<dyn Fn(&R) -> Option<Answer> + Send + Sync>;

/// How the answer of a request is kept.
pub struct Keep<R> {
    /// The key of the request.
    pub key: RequestKey,
    /// The request.
    pub request: RequestDigest,
    /// When it arrived.
    pub at: Timestamp,
    /// Writes its answer.
    pub render: Render<R>,
}

/// A decision about a request with an idempotency key, or with several: then it is made once for each.
#[derive(Debug)]
pub struct Idempotent<D: Decision> {
    decision: Arc<D>,
    keeps: Vec<Keep<D::Report>>,
    lookup_keys: LookupKeys,
}

/// What became of a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<R> {
    /// The decision was made now.
    Now {
        /// What the decision reports.
        report: R,
        /// Whether its answer is kept. It is not if there was nothing to write: such a request has no
        /// effect that could happen twice.
        is_kept: bool,
    },
    /// It was made before. Nothing was done.
    Before,
    /// The key belongs to another request. Nothing was done.
    OtherRequest,
}

impl<R> Keep<R> {
    /// What became of the request, if there is an answer for its key: that of this request.
    pub fn found<T>(&self, kept: Option<RequestDigest>) -> Option<Once<T>> {
        kept.map(|request| match request == self.request {
            true => Once::Before,
            false => Once::OtherRequest,
        })
    }

    /// The answer of the report, if it is to be kept.
    pub fn answer(&self, report: &R) -> Option<KeptAnswer> {
        let answer = (self.render)(report)?;
        Some(KeptAnswer { request: self.request, at: self.at, answer })
    }
}

impl<R> Clone for Keep<R> {
    fn clone(&self) -> Self {
        Self { render: Arc::clone(&self.render), ..*self }
    }
}

impl<R> fmt::Debug for Keep<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<D: Decision> Idempotent<D> {
    /// A decision that is made once for a key.
    pub fn new(decision: Arc<D>, keep: Keep<D::Report>) -> Self {
        let lookup_keys = LookupKeys { answers: vec![keep.key], ..decision.lookup_keys().clone() };
        Self { decision, keeps: vec![keep], lookup_keys }
    }

    /// The same decision, made once for a further key, with an answer of its own.
    #[must_use]
    pub fn and(mut self, keep: Keep<D::Report>) -> Self {
        self.lookup_keys.answers.push(keep.key);
        self.keeps.push(keep);
        self
    }
}

impl<D: Decision> Decision for Idempotent<D> {
    type Report = Once<D::Report>;

    fn organization(&self) -> OrganizationId {
        self.decision.organization()
    }

    fn settings_version(&self) -> i64 {
        self.decision.settings_version()
    }

    fn is_dry_run(&self) -> bool {
        self.decision.is_dry_run()
    }

    fn is_alone(&self) -> bool {
        self.decision.is_alone()
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn ids_at_most(&self) -> i64 {
        self.decision.ids_at_most()
    }

    fn runs_at_most(&self) -> i64 {
        self.decision.runs_at_most()
    }

    fn work(&self, loaded: &Loaded) -> usize {
        match loaded.answers.is_empty() {
            true => self.decision.work(loaded),
            false => 0,
        }
    }

    fn decide(
        &self,
        loaded: Loaded,
        ids: &mut IdBlock,
    ) -> Result<(Writes, Self::Report), OutOfIds> {
        let found = |keep: &Keep<_>| keep.found(loaded.answers.get(&keep.key).copied());
        if let Some(once) = self.keeps.iter().find_map(found) {
            return Ok((Writes::default(), once));
        }
        let (mut writes, report) = self.decision.decide(loaded, ids)?;
        if !writes.is_empty() {
            let kept = self.keeps.iter().map(|keep| Some((keep.key, keep.answer(&report)?)));
            writes.answers = kept.collect::<Option<_>>().unwrap_or_default();
        }
        let is_kept = !writes.answers.is_empty();
        Ok((writes, Once::Now { report, is_kept }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::Group;
    use super::*;
    use crate::context::Context;
    use crate::upsert::{Batch, BatchReport, Item, Options};
    use crate::value::CountryCode;

    fn answer() -> Answer {
        Answer { head: Arc::from(*b"head"), body: Some(Arc::from(*b"body")), contacts: Vec::new() }
    }

    fn request(key: u8, request: u8, items: &[&str]) -> Idempotent<Batch> {
        let organization = OrganizationId::new(1).unwrap();
        let region = CountryCode::parse("CH").unwrap();
        let at = Timestamp::from_micros(1);
        let context = Context::new(organization, region, at);
        let items = items.iter().map(|item| Item::read(item, &context)).collect();
        let batch = Arc::new(Batch::new(context, Options::default(), items));
        let render: Render<BatchReport> = Arc::new(|_| Some(answer()));
        let (key, request) = (RequestKey([key; 32]), RequestDigest([request; 32]));
        Idempotent::new(batch, Keep { key, request, at, render })
    }

    const PERSON: &str = r#"{"contactType": "PERSON", "lastName": "x"}"#;

    fn decided<D: Decision>(decision: &D, loaded: Loaded) -> (Writes, D::Report) {
        let mut ids = IdBlock::new(1, decision.ids_at_most()).with_runs(1);
        decision.decide(loaded, &mut ids).unwrap()
    }

    #[test]
    fn answer_is_kept_with_the_data() {
        let decision = request(1, 1, &[PERSON]);
        assert_eq!(decision.lookup_keys().answers, [RequestKey([1; 32])]);
        let (writes, report) = decided(&decision, Loaded::default());
        assert_eq!(writes.changes.len(), 1);
        let (request, at) = (RequestDigest([1; 32]), Timestamp::from_micros(1));
        let kept = KeptAnswer { request, at, answer: answer() };
        assert_eq!(writes.answers, [(RequestKey([1; 32]), kept)]);
        assert!(matches!(report, Once::Now { is_kept: true, .. }));
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_written() {
        let (writes, report) = decided(&request(1, 1, &[]), Loaded::default());
        assert!(writes.answers.is_empty());
        assert!(matches!(report, Once::Now { is_kept: false, .. }));
    }

    #[test]
    fn request_of_a_kept_answer_does_nothing() {
        let answers = HashMap::from([(RequestKey([1; 32]), RequestDigest([1; 32]))]);
        for (sent, expected) in [(1, Once::Before), (2, Once::OtherRequest)] {
            let decision = request(1, sent, &[PERSON]);
            let loaded = Loaded { answers: answers.clone(), ..Loaded::default() };
            assert_eq!(decision.work(&loaded), 0);
            let (writes, report) = decided(&decision, loaded);
            assert!(writes.is_empty() && writes.answers.is_empty());
            assert_eq!(report, expected);
        }
    }

    #[test]
    fn request_with_two_keys_is_done_once_for_each() {
        let two = || {
            let other = request(2, 2, &[PERSON]).keeps.remove(0);
            request(1, 1, &[PERSON]).and(other)
        };
        let (writes, _) = decided(&two(), Loaded::default());
        let kept: Vec<_> =
            writes.answers.iter().map(|(key, kept)| (key.0[0], kept.request.0[0])).collect();
        assert_eq!(kept, [(1, 1), (2, 2)]);
        for key in [1, 2] {
            let answers = HashMap::from([(RequestKey([key; 32]), RequestDigest([key; 32]))]);
            let (writes, report) = decided(&two(), Loaded { answers, ..Loaded::default() });
            assert!(writes.is_empty() && writes.answers.is_empty());
            assert_eq!(report, Once::Before);
        }
    }

    #[test]
    fn group_leaves_out_the_second_of_a_key() {
        let members = [1, 1, 2].map(|key| Arc::new(request(key, 1, &[PERSON])));
        let group = Group::new(members.to_vec()).unwrap();
        assert_eq!(group.lookup_keys().answers, [RequestKey([1; 32]), RequestKey([2; 32])]);
        let (writes, reports) = decided(&group, Loaded::default());
        assert_eq!((writes.changes.len(), writes.answers.len()), (2, 2));
        assert!(matches!(*reports, [Some(_), None, Some(_)]));
        let answers = HashMap::from([(RequestKey([1; 32]), RequestDigest([1; 32]))]);
        let (writes, reports) = decided(&group, Loaded { answers, ..Loaded::default() });
        assert_eq!((writes.changes.len(), writes.answers.len()), (1, 1));
        assert!(matches!(
            *reports,
            [Some(Once::Before), Some(Once::Before), Some(Once::Now { .. })]
        ));
    }
}
