//! Indexes contacts for searches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contacts_domain::contact::Record;
use contacts_domain::searching::{SEARCH_VERSION, SearchWords};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use rayon::prelude::*;

use crate::compute::compute;
use crate::ledger::{FeedPage, FeedPosition, PageSize};
use crate::ports::{
    AccessStore, Behind, Clock, IndexStep, Indexed, Ledger, SearchIndex, StoreError,
};

/// How much a step reads. Other writes wait for it: it takes SQLite's writer about 10 ms.
const STEP: PageSize = PageSize { items: 1_000, bytes: 4 << 20 };

/// How long changes wait, so that a load goes first.
struct Delay {
    /// How long after the last change the organization is indexed.
    rest: Duration,
    /// How old a change becomes at most, while others follow.
    max_age: Duration,
}

/// Where somebody searches.
const SEARCHED: Delay = Delay { rest: Duration::from_millis(200), max_age: Duration::from_secs(1) };

/// Where nobody searches.
const UNSEARCHED: Delay = Delay { rest: Duration::from_secs(2), max_age: Duration::from_secs(30) };

/// How long after a search an organization counts as one where somebody searches.
const MEMORY: Duration = Duration::from_secs(60);

/// Where nothing is behind.
const NONE: i64 = i64::MAX;

/// Indexes contacts for searches, as the change feed shows them.
pub struct IndexContacts {
    index: Arc<dyn SearchIndex>,
    ledger: Arc<dyn Ledger>,
    access: Arc<dyn AccessStore>,
    clock: Arc<dyn Clock>,
    /// The time of the oldest change that was not indexed when all organizations were last looked at.
    oldest: AtomicI64,
    demands: Demands,
}

/// Who is interested in the index of which organization.
#[derive(Default)]
struct Demands(Mutex<HashMap<OrganizationId, Demand>>);

#[derive(Clone, Copy, Default)]
struct Demand {
    /// How many wait until changes are indexed.
    waiting: usize,
    /// When it was searched last.
    searched: Option<Timestamp>,
}

impl Demands {
    fn of(&self, organization: OrganizationId) -> Demand {
        self.all().get(&organization).copied().unwrap_or_default()
    }

    fn change(&self, organization: OrganizationId, change: impl FnOnce(&mut Demand)) {
        change(self.all().entry(organization).or_default());
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OrganizationId, Demand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits until changes of an organization are indexed: until it is dropped, they are at
/// once.
pub struct Awaiting<'a> {
    demands: &'a Demands,
    organization: OrganizationId,
}

impl Drop for Awaiting<'_> {
    fn drop(&mut self) {
        self.demands.change(self.organization, |demand| demand.waiting -= 1);
    }
}

impl IndexContacts {
    /// Works on that store.
    pub fn new(
        index: Arc<dyn SearchIndex>,
        ledger: Arc<dyn Ledger>,
        access: Arc<dyn AccessStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            index,
            ledger,
            access,
            clock,
            oldest: AtomicI64::new(NONE),
            demands: Demands::default(),
        }
    }

    /// Makes a step for each organization that is behind, unless more changes are likely to follow soon
    /// and nobody waits. Returns whether any step was made.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; the steps before stay.
    pub async fn execute(&self) -> Result<bool, StoreError> {
        let behind = self.index.behind(None, SEARCH_VERSION).await?;
        let oldest = behind.iter().map(|behind| behind.oldest.micros()).min();
        self.oldest.store(oldest.unwrap_or(NONE), Ordering::Relaxed);
        let mut has_moved = false;
        for behind in behind {
            has_moved |= self.is_due(&behind) && self.step(behind.organization).await?;
        }
        Ok(has_moved)
    }

    /// Has changes of an organization indexed at once, even within a load.
    pub fn hurry(&self, organization: OrganizationId) -> Awaiting<'_> {
        self.demands.change(organization, |demand| demand.waiting += 1);
        Awaiting { demands: &self.demands, organization }
    }

    fn is_due(&self, behind: &Behind) -> bool {
        let Demand { waiting, searched } = self.demands.of(behind.organization);
        let is_searched = searched.is_some_and(|last| self.since(last) < MEMORY);
        let Delay { rest, max_age } = if is_searched { SEARCHED } else { UNSEARCHED };
        self.since(behind.newest) >= rest || self.since(behind.oldest) >= max_age || waiting > 0
    }

    /// How long ago the oldest change was made that was not indexed when this server last looked.
    pub fn lag(&self) -> Duration {
        self.since(Timestamp::from_micros(self.oldest.load(Ordering::Relaxed)))
    }

    /// How long ago the oldest change was made that a search of an organization does not know; zero if it
    /// knows all. From now on, the index follows the changes of the organization more closely.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    pub async fn lag_of_search(
        &self,
        organization: OrganizationId,
    ) -> Result<Duration, StoreError> {
        self.demands.change(organization, |demand| demand.searched = Some(self.clock.now()));
        let behind = self.index.behind(Some(organization), SEARCH_VERSION).await?;
        let oldest = behind.first().map(|behind| self.since(behind.oldest));
        Ok(oldest.unwrap_or_default())
    }

    /// The position in the feed of an organization up to which all changes are indexed; `None` while
    /// its first contacts are.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    pub async fn reached(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<FeedPosition>, StoreError> {
        if let Some(Indexed { position, .. }) = self.index.indexed(organization).await? {
            return Ok(position.listed_to.is_none().then_some(position));
        }
        // Without a contact there is nothing to index.
        let end = self.ledger.feed_end(organization).await?;
        let behind = self.index.behind(Some(organization), SEARCH_VERSION).await?;
        Ok(behind.is_empty().then_some(end))
    }

    /// Indexes the next contacts of an organization. Returns false if there are none yet.
    async fn step(&self, id: OrganizationId) -> Result<bool, StoreError> {
        let Some(organization) = self.access.organization(id).await? else { return Ok(false) };
        let region = organization.settings.region;
        let before = self.index.indexed(id).await?;
        let (from, page) = self.page(id, region, before).await?;
        if page.changes.is_empty() && page.next == from && from.listed_to.is_none() {
            return Ok(false);
        }
        let contacts: Vec<(ContactId, Option<Record>)> = page
            .changes
            .into_iter()
            .map(|change| {
                (change.contact, change.record.filter(|record| record.deleted_at.is_none()))
            })
            .collect();
        let words = move || {
            let words = |record: Record| SearchWords::of(&record, region);
            contacts.into_par_iter().map(|(id, record)| (id, record.map(words))).collect()
        };
        self.index
            .index(IndexStep {
                organization: id,
                before,
                after: Indexed { position: page.next, version: SEARCH_VERSION, region },
                is_first: from.listed_to == Some(0),
                contacts: compute(words).await.map_err(StoreError::internal)?,
            })
            .await
    }

    /// The next page, and where it begins: with a list of all contacts, if the index has other words, or
    /// the changes after it are not known.
    async fn page(
        &self,
        id: OrganizationId,
        region: CountryCode,
        indexed: Option<Indexed>,
    ) -> Result<(FeedPosition, FeedPage), StoreError> {
        let is_good =
            |indexed: &Indexed| (indexed.version, indexed.region) == (SEARCH_VERSION, region);
        if let Some(Indexed { position, .. }) = indexed.filter(is_good)
            && let Some(page) = self.ledger.feed(id, position, STEP).await?
        {
            return Ok((position, page));
        }
        let start = FeedPosition { listed_to: Some(0), ..self.ledger.feed_end(id).await? };
        let page = self.ledger.feed(id, start, STEP).await?;
        let page = page.ok_or_else(|| StoreError::contention("the feed has moved"))?;
        Ok((start, page))
    }

    fn since(&self, then: Timestamp) -> Duration {
        let micros = self.clock.now().micros().saturating_sub(then.micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }
}
