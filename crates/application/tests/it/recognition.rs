//! Items that are sent again byte for byte are not read, and nobody can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use contacts_application::access::Scope;
use contacts_application::ports::{Audit as _, ContactStore, Lifecycle, StoreError};
use contacts_application::use_cases::{Request, UpsertContacts};
use contacts_domain::auditing::Repair;
use contacts_domain::contact::Record;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{
    Arrays, Batch, BatchReport, Documents, Handling, Item, ItemKeys, Key, Ladder, Mode, Options,
    Outcome, Recognition, Recognizer, Respelling, Verdict,
};
use contacts_domain::{ContactId, Digest, OrganizationId};
use contacts_testing::{MemoryStore, StoppedClock, caller, context, now};
use proptest::prelude::*;
use serde_json::{Value, json};

/// As many as a batch needs at least for the store to be asked.
const MANY: usize = 16;

/// A store that may lose the race between a recognition and the batch: the next time, it first runs
/// that.
#[derive(Default)]
struct Racing {
    store: MemoryStore,
    first: std::sync::Mutex<Option<Arc<Batch>>>,
}

#[async_trait]
impl ContactStore for Racing {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError> {
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            self.store.upsert(first).await?.unwrap();
        }
        self.store.upsert(batch).await
    }

    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        self.store.recognize(recognition).await
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        self.store.merge(merge).await
    }

    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError> {
        self.store.restore(restore).await
    }

    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError> {
        self.store.undo(undo).await
    }

    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError> {
        self.store.purge(purge).await
    }

    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError> {
        self.store.contact(organization, id, lifecycle).await
    }

    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        self.store.survivor(organization, merged).await
    }
}

/// A store, and how many items were read of those sent to it.
#[derive(Default)]
struct Service {
    store: Arc<Racing>,
    read: Arc<AtomicUsize>,
    /// Whether items are recognized.
    forgets: bool,
}

impl Service {
    async fn send(&self, request: &Request, items: &[String]) -> Vec<Outcome> {
        let store = Arc::clone(&self.store);
        let upsert = UpsertContacts::new(store, Arc::new(StoppedClock(now())));
        let (read, forgets) = (Arc::clone(&self.read), self.forgets);
        let scan = move |item: &String, recognizer: &Recognizer| {
            let keys = ItemKeys::scan(item).filter(|_| !forgets)?;
            recognizer.fingerprint(item, keys)
        };
        let read = move |item: &String, context: &_| {
            read.fetch_add(1, Ordering::Relaxed);
            Item::read(item, context)
        };
        let caller = caller(1, [Scope::Write]);
        let sent = upsert.prepare(&caller, request.clone(), "test", items.to_vec(), scan, read);
        upsert.apply(&mut sent.await.unwrap()).await.unwrap()
    }

    /// Sends items with the default options, and returns how many were read.
    async fn count_read(&self, items: &[String]) -> usize {
        self.count_read_of(&Request::default(), items).await
    }

    async fn count_read_of(&self, request: &Request, items: &[String]) -> usize {
        let before = self.read.load(Ordering::Relaxed);
        self.send(request, items).await;
        self.read.load(Ordering::Relaxed) - before
    }

    /// What is stored, but for the digests.
    fn records(&self) -> Vec<Record> {
        self.store.store.records().into_iter().map(without_digest).collect()
    }
}

fn without_digest(record: Record) -> Record {
    Record { digest: None, ..record }
}

/// The outcomes, but for the digests.
fn answers(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let contacts = outcomes.iter_mut().filter_map(|outcome| outcome.contact.as_mut());
    for whole in contacts.filter_map(|contact| contact.whole.as_mut()) {
        whole.record = Arc::new(without_digest((*whole.record).clone()));
    }
    outcomes
}

fn person(key: usize, members: &Value) -> String {
    let mut person = json!({
        "contactType": "PERSON", "externalId": format!("ERP-{key}"), "lastName": "Rochat",
        "email": format!("{key}@one.example"), "phone": "022 700 59 29",
        "addresses": [{"name": "Home", "city": "Genève", "countryCode2": "CH"}, {"name": "Work"}],
    });
    let added = members.as_object().unwrap().clone();
    person.as_object_mut().unwrap().extend(added);
    person.to_string()
}

fn persons() -> Vec<String> {
    (0..MANY).map(|key| person(key, &json!({}))).collect()
}

#[tokio::test]
async fn items_sent_again_are_not_read() {
    for documents in [Documents::default(), Documents::LeftOut] {
        let (hub, forgetful) =
            (Service::default(), Service { forgets: true, ..Service::default() });
        let options = Options { documents, ..Options::default() };
        let request = Request { options, ..Request::default() };
        assert_eq!(hub.count_read_of(&request, &persons()).await, MANY);
        forgetful.send(&request, &persons()).await;

        let again = answers(hub.send(&request, &persons()).await);
        assert_eq!(hub.read.load(Ordering::Relaxed), MANY);
        assert_eq!(again, answers(forgetful.send(&request, &persons()).await));
        assert!(again.iter().all(|outcome| outcome.verdict == Verdict::Unchanged));
    }
}

#[tokio::test]
async fn changed_items_alone_are_read() {
    let hub = Service::default();
    hub.send(&Request::default(), &persons()).await;
    let mut items = persons();
    items[3] = person(3, &json!({"title": "Dr."}));
    items.push(person(MANY, &json!({})));
    assert_eq!(hub.count_read(&items).await, 2);
    assert_eq!(hub.count_read(&items).await, 0);
    assert_eq!(hub.count_read(&persons()).await, 1);
}

#[tokio::test]
async fn item_with_warning_is_always_read() {
    let hub = Service::default();
    let mut items = persons();
    items[2] = person(2, &json!({"phone": "12"}));
    items[4] = person(4, &json!({"unknown": 1}));
    hub.send(&Request::default(), &items).await;
    assert_eq!(hub.count_read(&items).await, 2);
}

#[tokio::test]
async fn other_options_recognize_nothing() {
    let of = |options| Request { options, ..Request::default() };
    let ladder = Ladder::new([Key::ExternalId]);
    for other in [
        Request { handling: Handling::Strict, ..Request::default() },
        of(Options { ladder, ..Options::default() }),
        of(Options { mode: Mode::Update, ..Options::default() }),
        of(Options { mode: Mode::Create, ..Options::default() }),
        of(Options { mode: Mode::Fill, ..Options::default() }),
        of(Options { arrays: Arrays::Append, ..Options::default() }),
        of(Options { respelling: Some(Respelling::Keep), ..Options::default() }),
        of(Options { explain: true, ..Options::default() }),
    ] {
        let hub = Service::default();
        hub.send(&Request::default(), &persons()).await;
        assert_eq!(hub.count_read_of(&other, &persons()).await, MANY, "{other:?}");
        assert_eq!(hub.count_read(&persons()).await, 0);
    }
}

#[tokio::test]
async fn shared_key_before_the_identity_keys_reads_all() {
    let ladder = Ladder::new([Key::Email, Key::ExternalId]);
    let options = Options { ladder, ..Options::default() };
    let request = Request { options, ..Request::default() };
    let hub = Service::default();
    hub.send(&request, &persons()).await;
    assert_eq!(hub.count_read_of(&request, &persons()).await, MANY);
}

#[tokio::test]
async fn items_that_name_one_contact_are_read() {
    let hub = Service::default();
    hub.send(&Request::default(), &persons()).await;
    let mut items = persons();
    items.push(person(1, &json!({"title": "Dr."})));
    items.push(person(5, &json!({})));
    assert_eq!(hub.count_read(&items).await, 4);
}

#[tokio::test]
async fn merged_repaired_and_deleted_contacts_are_not_recognized() {
    let hub = Service::default();
    hub.send(&Request::default(), &persons()).await;
    let store = &hub.store.store;
    let records = store.records();
    let merge = Merge::new(context(1), records[1].id.get(), records[2].id.get());
    let merge = Arc::new(merge.unwrap());
    store.merge(merge).await.unwrap().unwrap();

    // A repair changes a row and keeps its version.
    let mut spoiled = records[3].clone();
    let id = spoiled.id;
    spoiled.projection.email = None;
    store.overwrite(spoiled, Vec::new(), None);
    let context = context(1);
    let repair = Repair::new(context.organization, context.settings, vec![id]);
    store.repair(Arc::new(repair)).await.unwrap();

    assert_eq!(hub.count_read(&persons()).await, 3);
}

#[tokio::test]
async fn digest_of_other_version_or_rules_is_not_used() {
    let service = Service::default();
    service.send(&Request::default(), &persons()).await;
    let store = &service.store.store;
    let records = store.records();
    // As another program might leave it.
    let version = records[1].version.next();
    store.overwrite(Record { version, ..records[1].clone() }, Vec::new(), None);
    // As an earlier release left it.
    let mut bytes = records[2].digest.unwrap().as_bytes().to_vec();
    bytes[0] = 0;
    let digest = Digest::from_bytes(&bytes);
    store.overwrite(Record { digest, ..records[2].clone() }, Vec::new(), None);

    assert_eq!(service.count_read(&persons()).await, 2);
    assert_eq!(service.count_read(&persons()).await, 0);
}

#[tokio::test]
async fn overtaken_batch_is_read_whole() {
    let hub = Service::default();
    hub.send(&Request::default(), &persons()).await;
    let mut items = persons();
    items[0] = person(0, &json!({"title": "Dr."}));
    let context = context(1);
    let change = Item::read(&person(7, &json!({"title": "Prof."})), &context);
    let other = Batch::new(context, Options::default(), vec![change]);
    *hub.store.first.lock().unwrap() = Some(Arc::new(other));

    let outcomes = hub.send(&Request::default(), &items).await;
    let updated = outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Updated);
    assert_eq!(updated.count(), 1);
    assert_eq!(outcomes[7].contact.as_ref().unwrap().version.get(), 2);
    assert_eq!(hub.read.load(Ordering::Relaxed), MANY + 1 + MANY);
}

#[tokio::test]
async fn unchanged_contact_without_digest_gets_one() {
    let hub = Service::default();
    let context = context(1);
    let items = persons().iter().map(|item| Item::read(item, &context)).collect();
    let before_the_digests = Arc::new(Batch::new(context, Options::default(), items));
    hub.store.upsert(before_the_digests).await.unwrap().unwrap();
    let stored = hub.records();

    assert_eq!(hub.count_read(&persons()).await, MANY);
    assert_eq!(hub.count_read(&persons()).await, 0);
    assert_eq!(hub.records(), stored);

    // Another item that changes nothing leaves the digest that is of use.
    let fewer = [r#"{"externalId": "ERP-1", "lastName": "Rochat"}"#.to_owned()];
    hub.send(&Request::default(), &fewer).await;
    assert_eq!(hub.count_read(&persons()).await, 0);
}

/// An item for one of a few contacts, valid or not.
fn item() -> impl Strategy<Value = String> {
    let member = |values: &[Value]| {
        let values = values.iter().cloned().map(Some).chain([None, Some(Value::Null)]);
        prop::sample::select(values.collect::<Vec<_>>())
    };
    let keys = (0..20_usize).prop_map(|key| Some(json!(format!("ERP-{key}"))));
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let members = (
        prop_oneof![8 => keys, 1 => Just(None)],
        prop::sample::select(vec![None, None, None, None, Some(json!(1)), Some(json!(7))]),
        prop::sample::select(vec![None, None, None, None, None, Some(json!(link_id))]),
        member(&[json!("a@one.example"), json!("b@one.example"), json!("none")]),
        member(&[json!("Dr."), json!("")]),
        member(&[json!([{"name": "Home"}]), json!([{"name": "Home", "city": "Bern"}, {}])]),
        member(&[json!([1]), json!([2, 3]), json!([99])]),
    );
    let names = ["externalId", "id", "linkId", "email", "title", "addresses", "relatedContactIds"];
    members.prop_map(move |(external, id, link, email, title, addresses, related)| {
        let values = [external, id, link, email, title, addresses, related];
        let sent = names.iter().zip(values).filter_map(|(name, value)| Some((*name, value?)));
        let always = [("contactType", json!("PERSON")), ("lastName", json!("Rochat"))];
        let members = always.into_iter().chain(sent);
        let members: Vec<String> =
            members.map(|(name, value)| format!("{:?}:{value}", name)).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Batches, each mostly like the one before.
fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let first = prop::collection::vec(item(), MANY..24);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), item()), 0..4);
    (first, prop::collection::vec(changes, 1..5)).prop_map(|(first, nights)| {
        let mut batches = vec![first];
        for changes in nights {
            let mut batch = batches.last().unwrap().clone();
            for (index, item) in changes {
                *index.get_mut(&mut batch) = item;
            }
            batches.push(batch);
        }
        batches
    })
}

/// Mostly the same options each night.
fn nightly_options() -> Vec<Options> {
    let usual = Options::default();
    let ladder = Ladder::new([Key::ExternalId, Key::Email]);
    vec![
        usual.clone(),
        usual.clone(),
        Options { changes: true, ..usual.clone() },
        Options { ladder, ..usual.clone() },
        Options { mode: Mode::Fill, ..usual.clone() },
        Options { respelling: Some(Respelling::Keep), changes: true, ..usual.clone() },
        Options { arrays: Arrays::Append, explain: true, ..usual },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn recognizing_items_changes_no_answer(
        batches in batches(),
        options in prop::collection::vec(prop::sample::select(nightly_options()), 5),
        merges in prop::collection::vec((1..20_i64, 1..20_i64), 0..2),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (hub, forgetful) = (Service::default(), Service { forgets: true, ..Service::default() });
        for (night, batch) in batches.iter().enumerate() {
            let request = Request { options: options[night].clone(), ..Request::default() };
            let known = runtime.block_on(hub.send(&request, batch));
            let read = runtime.block_on(forgetful.send(&request, batch));
            prop_assert_eq!(answers(known), answers(read), "night {}", night);
            prop_assert_eq!(hub.records(), forgetful.records());
            if let Some((target, source)) = merges.get(night)
                && let Ok(merge) = Merge::new(context(1), *target, *source)
            {
                let merge = Arc::new(merge);
                let there = runtime.block_on(hub.store.merge(Arc::clone(&merge))).unwrap();
                prop_assert_eq!(there, runtime.block_on(forgetful.store.merge(merge)).unwrap());
            }
        }
    }
}
