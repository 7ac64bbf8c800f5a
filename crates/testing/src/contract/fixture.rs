//! The fixture of a claim: a fresh store, two organizations, and a clock that moves with each
//! request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contacts_domain::auditing::{Discrepancy, Repair, StoredContact};
use contacts_domain::contact::{ContactType, IntercomEntry, Record};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::upsert::{Batch, Context, Endpoints, Item, Options, Outcome, Verdict};
use contacts_domain::{AliasKey, ContactId, OrganizationId, Rule, Timestamp, Violations};
use serde_json::{Value, json};

use super::store_under_test::StoreUnderTest;
use crate::{batch, context, now, organization};
use contacts_application::contact_list::{ContactExport, ContactFilter, ContactPage, ContactQuery};
use contacts_application::directory::{EntryPage, EntryQuery, Order, OrderKey};
use contacts_application::ports::{
    AccessStore, Audit, ContactStore, KeptAnswers, KeptPlans, Ledger, Lifecycle,
    OrganizationSettings, SearchIndex, StoreState,
};

/// The organization of requests, unless a claim names another.
const HERE: i32 = 1;
/// Another organization.
const ELSEWHERE: i32 = 2;

/// A store under test, with a new second for each request.
pub(super) struct StoreFixture {
    store: Box<dyn StoreUnderTest>,
    requests: AtomicI64,
}

impl StoreFixture {
    /// The fixture of a fresh store.
    pub(super) fn new(store: impl StoreUnderTest) -> Self {
        Self { store: Box::new(store), requests: AtomicI64::new(0) }
    }

    pub(super) fn contacts(&self) -> Arc<dyn ContactStore> {
        self.store.contacts()
    }

    pub(super) fn access(&self) -> Arc<dyn AccessStore> {
        self.store.access()
    }

    pub(super) fn audit(&self) -> Arc<dyn Audit> {
        self.store.audit()
    }

    pub(super) fn state(&self) -> Arc<dyn StoreState> {
        self.store.state()
    }

    pub(super) fn ledger(&self) -> Arc<dyn Ledger> {
        self.store.ledger()
    }

    pub(super) fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.store.search_index()
    }

    pub(super) fn answers(&self) -> Arc<dyn KeptAnswers> {
        self.store.answers()
    }

    pub(super) fn plans(&self) -> Arc<dyn KeptPlans> {
        self.store.plans()
    }

    pub(super) fn settings(&self) -> Arc<dyn OrganizationSettings> {
        self.store.settings()
    }

    /// A request for the first organization, a second after the one before.
    pub(super) fn request(&self) -> Context {
        Context { now: self.next_second(), ..context(HERE) }
    }

    /// The same for the other organization.
    pub(super) fn request_elsewhere(&self) -> Context {
        Context { now: self.next_second(), ..context(ELSEWHERE) }
    }

    fn next_second(&self) -> Timestamp {
        let requests = self.requests.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_micros(now().micros() + requests * 1_000_000)
    }

    /// Sends items with the default options.
    pub(super) async fn send(&self, items: &[Value]) -> Vec<Outcome> {
        self.send_with(Options::default(), items).await
    }

    /// Sends items with these options.
    pub(super) async fn send_with(&self, options: Options, items: &[Value]) -> Vec<Outcome> {
        self.send_for(self.request(), options, items).await
    }

    /// Sends items to the other organization, with the default options.
    pub(super) async fn send_elsewhere(&self, items: &[Value]) -> Vec<Outcome> {
        self.send_for(self.request_elsewhere(), Options::default(), items).await
    }

    /// Sends items as that request.
    pub(super) async fn send_for(
        &self,
        context: Context,
        options: Options,
        items: &[Value],
    ) -> Vec<Outcome> {
        let outcomes = self.contacts().upsert(batch(context, options, items)).await;
        let outcomes = outcomes.expect("the store does not fail").expect("a small answer");
        assert_eq!(outcomes.len(), items.len(), "as many outcomes as items");
        outcomes
    }

    /// Sends items as the device API does: a new contact is an endpoint.
    pub(super) async fn send_entries(&self, items: &[Value]) -> Vec<Outcome> {
        self.send_entries_and_unlink(items, &[]).await
    }

    /// The same, and then takes the contacts with these keys out of the directory, in one batch.
    pub(super) async fn send_entries_and_unlink(
        &self,
        items: &[Value],
        keys: &[Value],
    ) -> Vec<Outcome> {
        let outcomes = self.contacts().upsert(self.entry_batch(items, keys)).await;
        outcomes.expect("the store does not fail").expect("a small answer")
    }

    /// The batch that those two send.
    pub(super) fn entry_batch(&self, items: &[Value], keys: &[Value]) -> Arc<Batch> {
        let context = Context { endpoints: Endpoints::Shown, ..self.request() };
        let mut batch = Vec::new();
        for item in items {
            let document = serde_json::from_value(item.clone()).expect("a document");
            batch.push(Item::of_type(ContactType::Endpoint, document, &context));
        }
        batch.extend(keys.iter().map(|key| Item::read(&key.to_string(), &context).to_unlink()));
        Arc::new(Batch::new(context, Options::default(), batch))
    }

    /// Takes contacts out of the directory.
    pub(super) async fn unlink(&self, keys: &[Value]) -> Vec<Outcome> {
        self.send_entries_and_unlink(&[], keys).await
    }

    /// A page of the entries of the first organization.
    pub(super) async fn list(&self, query: &EntryQuery) -> EntryPage {
        self.list_for(organization(HERE).id, query).await
    }

    /// A page of the contacts of the first organization.
    pub(super) async fn contact_page(&self, query: &ContactQuery) -> ContactPage {
        let page = self.store.contact_list().page(organization(HERE).id, query).await;
        page.expect("the store does not fail")
    }

    /// An export of the first organization.
    pub(super) async fn export(&self, filter: &ContactFilter) -> ContactExport {
        let export = self.store.contact_list().export(organization(HERE).id, filter).await;
        export.expect("the store does not fail")
    }

    /// All entries of the first organization, by id.
    pub(super) async fn entries(&self) -> Vec<(ContactId, IntercomEntry)> {
        self.list(&every_entry()).await.entries
    }

    /// All entries of the other organization, by id.
    pub(super) async fn entries_elsewhere(&self) -> Vec<(ContactId, IntercomEntry)> {
        self.list_for(organization(ELSEWHERE).id, &every_entry()).await.entries
    }

    async fn list_for(&self, organization: OrganizationId, query: &EntryQuery) -> EntryPage {
        let page = self.store.directory().entries(organization, query).await;
        page.expect("the directory does not fail")
    }

    /// Deletes that contact and then sends the items, all in one batch.
    pub(super) async fn delete_and_send(&self, id: ContactId, items: &[Value]) -> Vec<Outcome> {
        self.delete_and_send_for(self.request(), id, items).await
    }

    /// The same as that request.
    pub(super) async fn delete_and_send_for(
        &self,
        context: Context,
        id: ContactId,
        items: &[Value],
    ) -> Vec<Outcome> {
        let read = |item: &Value| Item::read(&item.to_string(), &context);
        let mut batch = vec![read(&json!({"id": id.get()})).to_delete()];
        batch.extend(items.iter().map(read));
        let batch = Batch::new(context, Options::default(), batch);
        let outcomes = self.contacts().upsert(Arc::new(batch)).await;
        outcomes.expect("the store does not fail").expect("a small answer")
    }

    /// Deletes one contact.
    pub(super) async fn delete(&self, id: ContactId) -> Outcome {
        let outcome = self.delete_and_send(id, &[]).await.remove(0);
        assert_eq!(answer(&outcome), "deleted by id, version 2");
        outcome
    }

    /// Purges one contact.
    pub(super) async fn purge(&self, id: ContactId) {
        let target = PurgeTarget { key: AliasKey::Id(id), version: None };
        let purge = Arc::new(Purge::new(self.request(), vec![target]));
        let report = self.contacts().purge(purge).await.expect("the store does not fail");
        let outcomes = report.expect("a small answer");
        assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::Deleted));
    }

    /// Creates one contact.
    pub(super) async fn create(&self, item: Value) -> Outcome {
        let outcome = self.send(&[item]).await.remove(0);
        assert_eq!(answer(&outcome), "created, version 1");
        outcome
    }

    /// Merges the contact `source` into the contact `target`.
    pub(super) async fn merge(
        &self,
        target: ContactId,
        source: ContactId,
    ) -> Result<(), Violations> {
        self.merge_for(self.request(), target.get(), source.get()).await.map(drop)
    }

    /// The same as that request.
    pub(super) async fn merge_for(
        &self,
        context: Context,
        target: i64,
        source: i64,
    ) -> MergeReport {
        let merge = Arc::new(Merge::new(context, target, source)?);
        self.contacts().merge(merge).await.expect("the store does not fail")
    }

    /// Restores a contact as it was read.
    pub(super) async fn restore(&self, read: &Record) -> RestoreReport {
        let restore = Restore::new(self.request(), read, None);
        self.contacts().restore(restore.into()).await.expect("the store does not fail")
    }

    /// The contact that the first organization reads under that id.
    pub(super) async fn read(&self, id: ContactId, lifecycle: Lifecycle) -> Option<Record> {
        self.read_for(organization(HERE).id, id, lifecycle).await
    }

    /// The contact that the other organization reads under that id.
    pub(super) async fn read_elsewhere(
        &self,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Option<Record> {
        self.read_for(organization(ELSEWHERE).id, id, lifecycle).await
    }

    async fn read_for(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Option<Record> {
        let found = self.contacts().contact(organization, id, lifecycle).await;
        found.expect("the store does not fail")
    }

    /// The contact of the first organization that the id of a merged one leads to.
    pub(super) async fn survivor(&self, merged: ContactId) -> Option<Record> {
        let found = self.contacts().survivor(organization(HERE).id, merged).await;
        found.expect("the store does not fail")
    }

    /// The living contact of that id in the first organization.
    pub(super) async fn living(&self, id: ContactId) -> Record {
        self.read(id, Lifecycle::Living).await.expect("a living contact")
    }

    /// Everything that is stored, by id.
    pub(super) async fn everything(&self) -> Vec<Record> {
        let mut records = self.store.everything().await;
        records.sort_by_key(|record| record.id);
        records
    }

    /// Every contact with its columns, relations and entry, by id.
    pub(super) async fn stored_contacts(&self) -> Vec<StoredContact> {
        let mut contacts = self.audit().contacts_after(None, 10_000).await.expect("a page");
        contacts.sort_by_key(|contact| contact.key.id);
        contacts
    }

    /// Replaces a row, its relations and its entry, valid or not.
    pub(super) async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    ) {
        self.store.overwrite(record, relations, entry).await;
    }

    /// Repairs contacts of the first organization. Returns the discrepancies, by id.
    pub(super) async fn repair(&self, contacts: &[ContactId]) -> Vec<Discrepancy> {
        let Context { organization, settings, .. } = context(HERE);
        let repair = Repair::new(organization, settings, contacts.to_vec());
        let repaired = self.audit().repair(Arc::new(repair)).await;
        let mut discrepancies = repaired.expect("the store does not fail");
        discrepancies.sort_by_key(|discrepancy| discrepancy.key.id);
        discrepancies
    }

    /// Asserts that the contacts are stored exactly as these outcomes show them, and nothing else.
    pub(super) async fn holds<'o>(&self, outcomes: impl IntoIterator<Item = &'o Outcome>) {
        let mut expected: Vec<_> = outcomes.into_iter().map(|o| record_of(o).clone()).collect();
        expected.sort_by_key(|record| record.id);
        assert_eq!(self.everything().await, expected);
    }
}

/// The query of all entries, by id.
pub(super) fn every_entry() -> EntryQuery {
    let order = Order { by: OrderKey::Id, descending: false };
    EntryQuery { filter: None, order, offset: 0, limit: u32::MAX }
}

/// A person with these members.
pub(super) fn person(members: Value) -> Value {
    let mut person = json!({"contactType": "PERSON", "lastName": "Rochat"});
    if let (Value::Object(person), Value::Object(members)) = (&mut person, members) {
        person.extend(members);
    }
    person
}

/// The contact that an outcome shows, as it should be stored.
pub(super) fn record_of(outcome: &Outcome) -> &Record {
    let contact = outcome.contact.as_ref().expect("an outcome with a contact");
    contact.record().expect("an outcome with a document")
}

/// The id of the contact that an outcome shows.
pub(super) fn id_of(outcome: &Outcome) -> ContactId {
    record_of(outcome).id
}

/// The external id of the contact that an outcome shows.
pub(super) fn external_id_of(outcome: &Outcome) -> Option<&str> {
    record_of(outcome).projection.external_id.as_deref()
}

/// Outcomes as one line each; see [`answer`].
pub(super) fn answers(outcomes: &[Outcome]) -> Vec<String> {
    outcomes.iter().map(answer).collect()
}

/// An outcome as one line, such as `updated by externalId, as item 0, version 2`.
pub(super) fn answer(outcome: &Outcome) -> String {
    let mut line = outcome.verdict.as_str().to_owned();
    if let Some(key) = outcome.matched_by {
        line += &format!(" by {}", key.as_str());
    }
    if let Some(first) = outcome.same_as {
        line += &format!(", as item {first}");
    }
    if !outcome.candidates.is_empty() {
        line += &format!(", {} candidates", outcome.candidates.len());
    }
    if let (false, Some(contact)) = (outcome.verdict.is_refusal(), &outcome.contact) {
        line += &format!(", version {}", contact.version);
    }
    // What an item should say of its keys is for callers, and no store decides it.
    let advice = [Rule::Keyed, Rule::KeyReplaced];
    for violation in outcome.violations.iter().filter(|found| !advice.contains(&found.rule)) {
        line += &format!(", {} {}", violation.code(), violation.path);
    }
    line
}
