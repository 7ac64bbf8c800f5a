//! A store that receives the same requests as other stores.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use contacts_application::directory::{
    Comparison, EntryPage, EntryQuery, Filter, FlagField, Order, OrderKey, TextField,
};
use contacts_application::ports::{
    AccessStore, ContactStore, IntercomDirectory, Ledger, Lifecycle,
};
use contacts_domain::contact::Record;
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::undoing::Undo;
use contacts_domain::upsert::{Batch, Context, Endpoints, Expectation, Options, Outcome};
use contacts_domain::{ContactId, OrganizationId, RunId};
use contacts_testing::organization;

use crate::requests::{ELSEWHERE, HERE, Request, What};

/// The number of ids to look up after the last answered one.
const BEYOND: i64 = 20;

/// A store with what must live as long as it.
pub(crate) struct Replica {
    store: Arc<dyn Store>,
    /// The highest answered id of a contact.
    highest_id: Cell<i64>,
    _owned: Box<dyn Any>,
}

/// The ports that the test uses.
pub(crate) trait Store: ContactStore + AccessStore + IntercomDirectory + Ledger {}

impl<T: ContactStore + AccessStore + IntercomDirectory + Ledger> Store for T {}

/// The number of items of each batch of a split request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut(pub(crate) usize);

/// The living contacts with their documents.
pub(crate) type Living = BTreeMap<ContactId, ContactDocument>;

/// The answer to a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Batch(Vec<Outcome>),
    Merge(MergeReport),
}

impl Replica {
    /// A fresh store with what is dropped after it.
    pub(crate) fn new(store: impl Store + 'static, owned: impl Any) -> Self {
        Self { store: Arc::new(store), highest_id: Cell::new(0), _owned: Box::new(owned) }
    }

    /// Adds the organizations that the requests are for.
    pub(crate) async fn prepare(&self) {
        for id in [HERE, ELSEWHERE] {
            assert!(self.store.add_organization(organization(id)).await.unwrap());
        }
    }

    /// Sends the request of that number, split if the parts promise the outcome of the whole.
    pub(crate) async fn send(&self, request: &Request, number: usize, cut: Option<Cut>) -> Said {
        let context = request.context(number);
        match &request.what {
            What::Merge { target, source } => {
                Said::Merge(match Merge::new(context, *target, *source) {
                    Ok(merge) => self.store.merge(Arc::new(merge)).await.unwrap(),
                    Err(violations) => Err(violations),
                })
            }
            What::Batch { options, items } => {
                let whole = items.len().max(1);
                let size = cut.filter(|_| request.may_be_cut()).map_or(whole, |Cut(size)| size);
                let mut outcomes = Vec::new();
                for items in items.chunks(size) {
                    let items = items.iter().map(|item| item.read(&context)).collect();
                    let batch = Batch::new(context.clone(), options.clone(), items);
                    outcomes.extend(self.store.upsert(Arc::new(batch)).await.unwrap().unwrap());
                }
                Said::Batch(self.comparable(request, outcomes))
            }
        }
    }

    /// What would become of the items of a batch; `None` of a merge.
    pub(crate) async fn plan(&self, request: &Request, number: usize) -> Option<Vec<Outcome>> {
        let What::Batch { options, .. } = &request.what else { return None };
        let options = Options { dry_run: true, changes: true, ..options.clone() };
        let batch = Self::batch(request, number, options)?;
        Some(self.store.upsert(Arc::new(batch)).await.unwrap().unwrap())
    }

    /// Applies a batch as it was planned.
    pub(crate) async fn apply(
        &self,
        request: &Request,
        number: usize,
        planned: &[Outcome],
    ) -> Option<Vec<Outcome>> {
        let What::Batch { options, .. } = &request.what else { return None };
        let expected = planned.iter().map(Expectation::of).collect();
        let batch = Self::batch(request, number, options.clone())?.expecting(expected);
        let outcomes = self.store.upsert(Arc::new(batch)).await.unwrap().unwrap();
        Some(self.comparable(request, outcomes))
    }

    fn batch(request: &Request, number: usize, options: Options) -> Option<Batch> {
        let What::Batch { items, .. } = &request.what else { return None };
        let context = request.context(number);
        let items = items.iter().map(|item| item.read(&context)).collect();
        Some(Batch::new(context, options, items))
    }

    /// Outcomes without what depends on how the batch is cut. Notes the ids.
    fn comparable(&self, request: &Request, mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let contacts = outcomes.iter().filter_map(|outcome| outcome.contact.as_ref());
        for id in contacts.filter_map(|contact| contact.id) {
            self.highest_id.set(self.highest_id.get().max(id.get()));
        }
        // Each part of a batch is a run of its own.
        let contacts = outcomes.iter_mut().filter_map(|outcome| outcome.contact.as_mut());
        contacts.for_each(|contact| contact.run = None);
        if request.may_be_cut() {
            // Only a whole batch has it.
            outcomes.iter_mut().for_each(|outcome| outcome.same_as = None);
        }
        outcomes
    }

    /// Sends the request, takes it back and takes that back. Returns the living contacts at each moment.
    pub(crate) async fn undo_and_redo(&self, request: &Request, number: usize) -> [Living; 4] {
        let before = self.living().await;
        let last = self.last_run(request).await;
        self.send(request, number, None).await;
        let after = self.living().await;
        if self.last_run(request).await == last {
            return [before.clone(), after.clone(), before, after];
        }
        self.undo(request, number, self.last_run(request).await).await;
        let undone = self.living().await;
        self.undo(request, number, self.last_run(request).await).await;
        [before, after, undone, self.living().await]
    }

    /// Sends both requests and takes the first one back. Returns the living contacts at each moment.
    pub(crate) async fn undo_the_first(
        &self,
        (first, second): (&Request, &Request),
        number: usize,
    ) -> [Living; 4] {
        let before = self.living().await;
        let last = self.last_run(first).await;
        self.send(first, number, None).await;
        let (after, run) = (self.living().await, self.last_run(first).await);
        self.send(second, number, None).await;
        let later = self.living().await;
        self.undo(first, number, run.filter(|_| run != last)).await;
        [before, after, later, self.living().await]
    }

    async fn undo(&self, request: &Request, number: usize, run: Option<RunId>) {
        let context = Context {
            may_write_staff: true,
            endpoints: Endpoints::Shown,
            ..request.context(number)
        };
        if let Some(run) = run {
            let changed = self.store.changed_by(context.organization, run, usize::MAX);
            let undo = Undo::new(context, run, changed.await.unwrap());
            self.store.undo(Arc::new(undo)).await.unwrap().unwrap();
        }
    }

    async fn last_run(&self, request: &Request) -> Option<RunId> {
        let organization = request.context(0).organization;
        let runs = self.store.runs(organization, None, 1).await.unwrap();
        runs.first().map(|run| run.id)
    }

    /// The living contacts with their documents.
    async fn living(&self) -> Living {
        let living = self.contacts().await.into_iter().filter(|record| record.deleted_at.is_none());
        living.map(|record| (record.id, record.read().unwrap())).collect()
    }

    /// Every stored contact of both organizations, deleted ones included, by id.
    pub(crate) async fn contacts(&self) -> Vec<Record> {
        let mut records = Vec::new();
        // Ids of contacts and their parts count from 1, and no contact may have a higher one.
        for id in (1..=self.highest_id.get() + BEYOND).filter_map(ContactId::new) {
            for organization in [HERE, ELSEWHERE].into_iter().filter_map(OrganizationId::new) {
                for lifecycle in [Lifecycle::Living, Lifecycle::Deleted] {
                    records.extend(self.store.contact(organization, id, lifecycle).await.unwrap());
                }
            }
        }
        records
    }

    /// The directory in every order and with a few filters, and that of the other organization.
    pub(crate) async fn entries(&self) -> Vec<EntryPage> {
        let mut pages = Vec::new();
        for (id, count) in [(HERE, usize::MAX), (ELSEWHERE, 1)] {
            let organization = OrganizationId::new(id).unwrap();
            for query in queries().take(count) {
                pages.push(self.store.entries(organization, &query).await.unwrap());
            }
        }
        pages
    }
}

fn queries() -> impl Iterator<Item = EntryQuery> {
    let query = |filter, by, descending, offset, limit| {
        let order = Order { by, descending };
        EntryQuery { filter, order, offset, limit }
    };
    let keys = [OrderKey::Id, OrderKey::Name, OrderKey::Kind, OrderKey::Number];
    let whole = keys.into_iter().flat_map(move |by| {
        [false, true].map(|descending| query(None, by, descending, 0, u32::MAX))
    });
    let part = query(None, OrderKey::Name, false, 1, 2);
    let filtered =
        filters().into_iter().map(move |filter| query(Some(filter), OrderKey::Name, true, 0, 3));
    whole.chain([part]).chain(filtered)
}

fn filters() -> [Filter; 6] {
    let name = Filter::Text(TextField::Name, Comparison::Equal, "Door".to_owned());
    let favorite = Filter::Flag(FlagField::IsFavorite, Comparison::Equal, true);
    [
        name.clone(),
        Filter::Text(TextField::LinkId, Comparison::Greater, String::new()),
        Filter::Text(TextField::Number, Comparison::Less, "0001-01-02".to_owned()),
        Filter::Id(Comparison::GreaterOrEqual, 5),
        Filter::All(vec![favorite.clone(), Filter::Not(Box::new(name.clone()))]),
        Filter::Any(vec![favorite, name]),
    ]
}
