//! The change feed and the histories of contacts in memory.

use contacts_application::ledger::{
    FeedChange, FeedPage, FeedPosition, History, LastChange, PageSize, RecordedChange,
};
use contacts_domain::ledger::ChangeKind;
use contacts_domain::undoing::{UndoneChange, UndoneContact};
use contacts_domain::{ContactId, OrganizationId, RunId};

use super::contacts::Contacts;
use super::ledger::{HUB, count};

impl Contacts {
    pub(super) fn history(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        from: Option<RunId>,
        size: PageSize,
    ) -> Option<History> {
        let row = self.rows.get(&contact).filter(|row| row.record.organization == organization)?;
        let (mut changes, mut bytes, mut next) = (Vec::new(), 0, from.or(row.run));
        let mut has_more = false;
        while let Some((run, change)) =
            next.and_then(|run| self.ledger.change(organization, run, contact))
        {
            bytes += change.reverse.as_ref().map_or(0, String::len);
            if changes.len() == count(size.items) || (bytes > size.bytes && !changes.is_empty()) {
                has_more = true;
                break;
            }
            next = change.previous;
            changes.push((run, change));
        }
        Some(History { record: row.record.clone(), changes, has_more })
    }

    pub(super) fn changed_by(
        &self,
        organization: OrganizationId,
        run: RunId,
    ) -> Vec<UndoneContact> {
        let changed = self.ledger.contacts_of(organization, run);
        let undone = |id: ContactId| {
            let row = self.rows.get(&id);
            let (mut changes, mut next) = (Vec::new(), row.and_then(|row| row.run));
            while let Some((_, change)) =
                next.and_then(|run| self.ledger.change(organization, run, id))
            {
                next = change.previous.filter(|_| change.run != run);
                changes.push(UndoneChange { kind: change.kind, reverse: change.reverse });
            }
            UndoneContact { id, record: row.map(|row| row.record.clone()), changes }
        };
        changed.into_iter().map(undone).collect()
    }

    pub(super) fn feed(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> Option<FeedPage> {
        let is_last = |last: LastChange| {
            let mut here = self.ledger.of(organization);
            here.any(|recorded| recorded.place(last.contact) == last)
        };
        if from.hub != HUB || from.last.is_some_and(|last| !is_last(last)) {
            return None;
        }
        Some(match from.listed_to {
            Some(after) => self.feed_list(organization, from, after, size),
            None => self.feed_changes(organization, from, size),
        })
    }

    fn feed_list(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        after: i64,
        size: PageSize,
    ) -> FeedPage {
        let start = from.last.map_or(0, |last| last.position);
        let is_later = |run: RunId| self.ledger.is_after(organization, run, start);
        let here = self.rows.values().filter(|row| {
            let record = &row.record;
            record.organization == organization
                && record.deleted_at.is_none()
                && record.id.get() > after
                && !row.run.is_some_and(is_later)
        });
        let here = here.map(|row| {
            let record = &row.record;
            let next = FeedPosition { listed_to: Some(record.id.get()), ..from };
            let (contact, version) = (record.id, record.version);
            let record = Some(record.clone());
            (FeedChange { kind: ChangeKind::Created, contact, version, record }, next)
        });
        let end = FeedPosition { listed_to: None, ..from };
        page(here, from, end, size)
    }

    fn feed_changes(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> FeedPage {
        let after = from.last.map_or((0, 0), |last| (last.position, last.contact));
        let all = self.ledger.of(organization).flat_map(|recorded| {
            recorded
                .changes
                .iter()
                .map(move |change| (recorded.place(change.contact.get()), change))
        });
        let later = all.filter(|(place, _)| (place.position, place.contact) > after);
        let latest = later.filter_map(|(place, change)| {
            let row = self.rows.get(&change.contact);
            let last = match row {
                Some(row) => row.run,
                None => self.purged.get(&change.contact).and_then(|purged| purged.run),
            };
            let is_latest = last == Some(change.run);
            let record = row.map(|row| row.record.clone());
            let RecordedChange { kind, contact, version, .. } = *change;
            let next = FeedPosition { last: Some(place), ..from };
            is_latest.then_some((FeedChange { kind, contact, version, record }, next))
        });
        page(latest, from, self.ledger.end(organization), size)
    }
}

/// A page of changes, each with the position after it.
fn page(
    changes: impl Iterator<Item = (FeedChange, FeedPosition)>,
    from: FeedPosition,
    end: FeedPosition,
    size: PageSize,
) -> FeedPage {
    let mut page = FeedPage { changes: Vec::new(), next: from, has_more: true };
    let mut bytes = 0;
    for (change, next) in changes {
        bytes += change.record.as_ref().map_or(0, |record| record.document.len());
        let is_full = page.changes.len() == count(size.items);
        if is_full || (bytes > size.bytes && !page.changes.is_empty()) {
            return page;
        }
        page.changes.push(change);
        page.next = next;
    }
    FeedPage { next: end, has_more: false, ..page }
}
