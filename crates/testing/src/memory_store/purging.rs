//! Purging in memory.

use contacts_domain::contact::Record;
use contacts_domain::decision::RequestKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use super::contacts::Contacts;
use super::ledger::{Purged, count};

impl Contacts {
    pub(super) fn purge(
        &mut self,
        organization: OrganizationId,
        ids: &[ContactId],
        at: Timestamp,
        kept: &[RequestKey],
    ) {
        for id in ids {
            if let Some(row) = self.rows.remove(id) {
                self.purged.insert(*id, Purged { run: row.run, at });
            }
            self.ledger.erase(*id);
            self.owners.retain(|_, owner| owner != id);
            self.aliases.retain(|_, survivor| survivor != id);
            self.words.of.remove(id);
        }
        self.plans.erase(organization, ids, &self.answers);
        self.answers.erase(organization, ids, kept);
    }

    pub(super) fn purge_deleted(
        &mut self,
        organization: OrganizationId,
        before: Timestamp,
        now: Timestamp,
        at_most: u32,
    ) -> u64 {
        let here = self.records().filter(|record| record.organization == organization);
        let deleted =
            |record: &Record| Some((record.deleted_at.filter(|at| *at < before)?, record.id));
        let mut old: Vec<(Timestamp, ContactId)> = here.filter_map(deleted).collect();
        old.sort_unstable();
        old.truncate(count(at_most));
        let ids: Vec<ContactId> = old.into_iter().map(|(_, id)| id).collect();
        self.purge(organization, &ids, now, &[]);
        u64::try_from(ids.len()).unwrap_or(u64::MAX)
    }

    /// Whether one of these was purged since then.
    pub(super) fn any_purged(&self, contacts: &[ContactId], since: Timestamp) -> bool {
        let mut purged = contacts.iter().filter_map(|id| self.purged.get(id));
        purged.any(|purged| purged.at >= since)
    }

    pub(super) fn prune(&mut self, organization: OrganizationId, before: Timestamp) {
        self.ledger.prune(organization, before);
    }
}
