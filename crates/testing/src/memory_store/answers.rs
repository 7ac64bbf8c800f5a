//! The answers to requests with an idempotency key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use contacts_domain::decision::{KeptAnswer, RequestDigest, RequestKey};
use contacts_domain::{ContactId, OrganizationId, Timestamp};

/// The table of answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(HashMap<(OrganizationId, RequestKey), KeptAnswer>);

impl Answers {
    /// Which of these keys have an answer, with their requests.
    pub(super) fn requests(
        &self,
        organization: OrganizationId,
        keys: &[RequestKey],
    ) -> HashMap<RequestKey, RequestDigest> {
        let request = |key: &RequestKey| self.0.get(&(organization, *key)).map(|kept| kept.request);
        keys.iter().filter_map(|key| Some((*key, request(key)?))).collect()
    }

    /// Keeps an answer. Returns `false` if there is one for the key.
    pub(super) fn add(
        &mut self,
        organization: OrganizationId,
        key: RequestKey,
        kept: KeptAnswer,
    ) -> bool {
        match self.0.entry((organization, key)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(kept);
                true
            }
        }
    }

    /// The answer that is kept for a key.
    pub(super) fn get(&self, organization: OrganizationId, key: RequestKey) -> Option<KeptAnswer> {
        self.0.get(&(organization, key)).cloned()
    }

    pub(super) fn forget(&mut self, before: Timestamp, at_most: u32) -> u64 {
        let old = self.0.iter().filter(|(_, kept)| kept.at < before);
        let mut old: Vec<_> = old.map(|(key, kept)| (kept.at, *key)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        for (_, key) in &old {
            self.0.remove(key);
        }
        u64::try_from(old.len()).unwrap_or(u64::MAX)
    }

    /// Erases the bodies that may show one of these contacts, but for those of some keys.
    pub(super) fn erase(
        &mut self,
        organization: OrganizationId,
        contacts: &[ContactId],
        kept: &[RequestKey],
    ) {
        let here = self.0.iter_mut().filter(|((home, _), _)| *home == organization);
        for ((_, key), KeptAnswer { answer, .. }) in here {
            if !kept.contains(key) && answer.contacts.iter().any(|shown| contacts.contains(shown)) {
                answer.body = None;
            }
        }
    }
}
