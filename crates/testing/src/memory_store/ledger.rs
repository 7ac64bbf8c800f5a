//! The ledger in memory.

use std::sync::Arc;

use contacts_domain::decision::Writes;
use contacts_domain::ledger::{LedgerEntry, Run};
use contacts_domain::{Change, ContactId, OrganizationId, RunId, Timestamp};

use contacts_application::ledger::{FeedPosition, LastChange, PageSize, RecordedChange};

/// The mark of the database: there is only one.
pub(super) const HUB: i64 = 1;

/// The runs, in the order in which they were committed. Cheap to copy: they are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    runs: Vec<Arc<Recorded>>,
    last_position: i64,
    last_run: i64,
}

/// A run and what it did, lowest contacts first.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    position: i64,
    run: Run,
    pub(super) changes: Vec<RecordedChange>,
}

/// What is left of a purged contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purged {
    /// The run that changed it last.
    pub(super) run: Option<RunId>,
    /// When it was purged.
    pub(super) at: Timestamp,
}

impl Recorded {
    /// Its place in the feed, after the change of a contact.
    pub(super) fn place(&self, contact: i64) -> LastChange {
        LastChange { position: self.position, mark: self.run.id.get(), contact }
    }
}

impl Ledger {
    /// The id of the next run.
    pub(super) fn next_run(&self) -> i64 {
        self.last_run + 1
    }

    /// Records the runs of a transaction.
    pub(super) fn record(&mut self, writes: &Writes) {
        let recorded = |change: &Change| {
            let LedgerEntry { run, previous, kind, reverse } = change.ledger_entry()?;
            let (contact, version) = (change.record().id, change.record().version);
            let reverse = reverse.map(str::to_owned);
            Some(RecordedChange { contact, version, run, previous, kind, reverse })
        };
        let all: Vec<RecordedChange> = writes.changes.iter().filter_map(recorded).collect();
        for run in writes.runs.clone() {
            let of_run = all.iter().filter(|change| change.run == run.id);
            let mut changes: Vec<RecordedChange> = of_run.cloned().collect();
            changes.sort_by_key(|change| change.contact);
            self.last_position += 1;
            self.last_run = run.id.get();
            self.runs.push(Arc::new(Recorded { position: self.last_position, run, changes }));
        }
    }

    pub(super) fn run(&self, organization: OrganizationId, id: RunId) -> Option<Run> {
        self.find(organization, id).map(|recorded| recorded.run.clone())
    }

    pub(super) fn runs(
        &self,
        organization: OrganizationId,
        before: Option<RunId>,
        at_most: u32,
    ) -> Vec<Run> {
        let before = match before {
            None => i64::MAX,
            Some(id) => self.find(organization, id).map_or(0, |recorded| recorded.position),
        };
        let here = self.of(organization).rev().filter(|recorded| recorded.position < before);
        here.take(count(at_most)).map(|recorded| recorded.run.clone()).collect()
    }

    pub(super) fn changes(
        &self,
        organization: OrganizationId,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Vec<RecordedChange> {
        let mut bytes = 0;
        let fits = |(index, change): &(usize, &RecordedChange)| {
            bytes += change.reverse.as_ref().map_or(0, String::len);
            *index == 0 || bytes <= size.bytes
        };
        let changes = self.find(organization, run).map(|recorded| recorded.changes.iter());
        let later = changes.into_iter().flatten().filter(|change| Some(change.contact) > after);
        let page = later.take(count(size.items)).enumerate().take_while(fits);
        page.map(|(_, change)| change.clone()).collect()
    }

    /// The contacts that a run changed, lowest first.
    pub(super) fn contacts_of(&self, organization: OrganizationId, run: RunId) -> Vec<ContactId> {
        let changes = self.find(organization, run).map(|recorded| recorded.changes.iter());
        changes.into_iter().flatten().map(|change| change.contact).collect()
    }

    /// The position after every change.
    pub(super) fn end(&self, organization: OrganizationId) -> FeedPosition {
        let last = self.of(organization).next_back().map(|recorded| recorded.place(i64::MAX));
        FeedPosition { hub: HUB, last, listed_to: None }
    }

    /// The time of the first run with a change after that place.
    pub(super) fn since(
        &self,
        organization: OrganizationId,
        place: (i64, i64),
    ) -> Option<Timestamp> {
        let mut later = self.of(organization);
        let later = later.find(|recorded| (recorded.position, i64::MAX) > place);
        later.map(|recorded| recorded.run.at)
    }

    /// The time of the last run.
    pub(super) fn newest(&self, organization: OrganizationId) -> Option<Timestamp> {
        self.of(organization).last().map(|recorded| recorded.run.at)
    }

    pub(super) fn prune(&mut self, organization: OrganizationId, before: Timestamp) {
        let old = |recorded: &&Arc<Recorded>| recorded.run.at < before;
        let newest_old = self.of(organization).take_while(old).last();
        if let Some(kept) = newest_old.map(|recorded| recorded.position) {
            self.runs.retain(|recorded| {
                recorded.run.organization != organization || recorded.position >= kept
            });
        }
    }

    /// Erases the differences of a contact.
    pub(super) fn erase(&mut self, contact: ContactId) {
        for recorded in &mut self.runs {
            if recorded.changes.iter().any(|change| change.contact == contact) {
                let changes = &mut Arc::make_mut(recorded).changes;
                let own = changes.iter_mut().filter(|change| change.contact == contact);
                own.for_each(|change| change.reverse = None);
            }
        }
    }

    pub(super) fn of(
        &self,
        organization: OrganizationId,
    ) -> impl DoubleEndedIterator<Item = &Arc<Recorded>> {
        self.runs.iter().filter(move |recorded| recorded.run.organization == organization)
    }

    /// Whether a run is after a position.
    pub(super) fn is_after(&self, organization: OrganizationId, run: RunId, position: i64) -> bool {
        self.find(organization, run).is_some_and(|recorded| recorded.position > position)
    }

    fn find(&self, organization: OrganizationId, id: RunId) -> Option<&Arc<Recorded>> {
        self.of(organization).find(|recorded| recorded.run.id == id)
    }

    pub(super) fn change(
        &self,
        organization: OrganizationId,
        run: RunId,
        contact: ContactId,
    ) -> Option<(Run, RecordedChange)> {
        let recorded = self.find(organization, run)?;
        let change = recorded.changes.iter().find(|change| change.contact == contact)?;
        Some((recorded.run.clone(), change.clone()))
    }
}

pub(super) fn count(items: u32) -> usize {
    usize::try_from(items).unwrap_or(usize::MAX)
}
