//! Failures of the store are 503 or 500, never a verdict, and the answer does not show their causes.

use std::io;
use std::sync::{Arc, Mutex};

use contacts_adapters_http::{Ports, Settings};
use contacts_application::ports::{MockAccessStore, MockContactStore, StoreError};
use contacts_domain::contact::{ContactType, DOCUMENT_VERSION, Projection, Record, SortKey};
use contacts_domain::decision::{Decision, Loaded};
use contacts_domain::{ContactId, IdBlock, OrganizationId, Version};
use contacts_testing::{MemoryStore, now};
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{Answer, App, BATCH, MERGING, app, get, post};

/// The cause of a failure, which only the log may show.
pub(crate) const SECRET: &str = "password authentication failed for user hub at 10.0.0.7";
const ITEM: &str = r#"[{"contactType": "PERSON", "lastName": "Rochat"}]"#;

/// A store whose every method fails with this error.
fn failing(error: fn() -> StoreError) -> MockContactStore {
    let mut store = MockContactStore::new();
    store.expect_upsert().returning(move |_| Err(error()));
    store.expect_merge().returning(move |_| Err(error()));
    store.expect_contact().returning(move |_, _, _| Err(error()));
    store
}

async fn answers(error: fn() -> StoreError) -> [Answer; 3] {
    let app = App::on(failing(error)).await;
    [
        app.send(post(BATCH, "all", ITEM)).await,
        app.send(post(MERGING, "all", r#"{"targetId": 1, "sourceId": 2}"#)).await,
        app.send(get("/api-v1/contact/PERSON/1", "all")).await,
    ]
}

#[tokio::test]
async fn unavailable_store_is_503_with_retry_after() {
    for error in [|| StoreError::unavailable(SECRET), || StoreError::contention(SECRET)] {
        for answer in answers(error).await {
            assert_eq!(answer.problem(), (503, String::new()));
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert!(!format!("{answer:?}{}", answer.text()).contains("10.0.0.7"));
        }
    }
    let [batch, ..] = answers(|| StoreError::unavailable(SECRET)).await;
    insta::assert_snapshot!(batch.whole());
}

#[tokio::test]
async fn broken_store_is_500_without_its_cause() {
    for error in [|| StoreError::corrupt(SECRET), || StoreError::internal(SECRET)] {
        for answer in answers(error).await {
            assert_eq!(answer.problem(), (500, String::new()));
            assert!(!answer.text().contains("10.0.0.7"));
        }
    }
    let [batch, ..] = answers(|| StoreError::internal(SECRET)).await;
    insta::assert_snapshot!(batch.whole());
}

#[tokio::test]
async fn too_many_documents_to_load_is_413() {
    let [batch, merging, contact] = answers(|| StoreError::too_large(5)).await;
    for answer in [&merging, &contact] {
        assert_eq!(answer.problem(), (413, "VALIDATION_ERROR".to_owned()));
    }
    insta::assert_snapshot!(batch.whole());
}

#[tokio::test]
async fn failed_token_lookup_is_503_not_401() {
    let mut access = MockAccessStore::new();
    access.expect_token().times(1).returning(|_| Err(StoreError::unavailable(SECRET)));
    let store = Arc::new(MemoryStore::default());
    let ports = Ports { access: Arc::new(access), ..Ports::of(store) };
    let app = app(ports, Settings::default());
    let response = app.oneshot(post(BATCH, "all", ITEM)).await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
}

#[tokio::test]
async fn panic_is_500_without_its_text() {
    let mut store = MockContactStore::new();
    store.expect_upsert().returning(|_| panic!("{SECRET}"));
    let app = App::on(store).await;
    let answer = app.send(post(BATCH, "all", ITEM)).await;
    assert_eq!(answer.problem(), (500, String::new()));
    assert!(!answer.text().contains("10.0.0.7"));
    assert_eq!(app.get("/healthz").await.status, 200);
}

/// A log whose every line panics.
struct Broken;

impl MakeWriter<'_> for Broken {
    type Writer = io::Empty;

    fn make_writer(&self) -> io::Empty {
        panic!("{SECRET}")
    }
}

#[tokio::test]
async fn panic_in_telemetry_is_500_of_the_api() {
    let app = App::new().await;
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::fmt().with_writer(Broken).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let erp = app.get("/nowhere").await;
    assert_eq!(erp.problem(), (500, String::new()));
    let device = app.get("/api/v1/nowhere").await;
    assert_eq!((device.status, &device.json()["error"]["code"]), (500, &"system_error".into()));
    for answer in [erp, device] {
        assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
        assert!(!answer.text().contains("10.0.0.7"));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The log of `work`.
async fn logged(work: impl Future<Output = ()>) -> String {
    // With a single dispatcher, tracing caches that a callsite is disabled when another test, without
    // a subscriber, reaches it first.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let lines = log.0.lock().unwrap().clone();
    String::from_utf8(lines).unwrap()
}

#[tokio::test]
async fn cause_is_logged_once_without_personal_data() {
    let log = logged(async {
        let app = App::on(failing(|| StoreError::unavailable(SECRET))).await;
        app.send(post(BATCH, "all", ITEM)).await;
    })
    .await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains(SECRET)).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("the-request") && lines[0].contains("ERROR"), "{log}");
    assert!(log.contains(r#""status":503"#) && log.contains(BATCH), "{log}");
    assert!(!log.contains("Rochat"), "{log}");
}

/// Two contacts whose documents cannot be read.
fn corrupt_contacts() -> Vec<Record> {
    let record = |id, document: &str| Record {
        id: ContactId::new(id).unwrap(),
        organization: OrganizationId::new(7).unwrap(),
        projection: Projection {
            contact_type: ContactType::Person,
            external_id: Some(format!("ERP-{id}")),
            link_id: None,
            display_name: "Rochat".to_owned(),
            email: None,
            phone: None,
            mobile: None,
            vat_number: None,
            archived: false,
            is_customer: false,
            is_vendor: false,
            is_staff: false,
            sort_key: SortKey::default(),
            countries: String::new(),
            tags: String::new(),
        },
        version: Version::FIRST,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
        document_version: DOCUMENT_VERSION,
        document: document.to_owned(),
        digest: None,
    };
    vec![record(12, "null"), record(13, r#"{"lastName":7}"#)]
}

fn corrupt_store() -> MockContactStore {
    let mut store = MockContactStore::new();
    let found = || Loaded { contacts: corrupt_contacts(), ..Loaded::default() };
    store.expect_upsert().returning(move |batch| {
        Ok(batch.decide(found(), &mut IdBlock::new(100, batch.ids_at_most())).unwrap().1)
    });
    store.expect_merge().returning(move |merge| {
        Ok(merge.decide(found(), &mut IdBlock::new(100, merge.ids_at_most())).unwrap().1)
    });
    store.expect_contact().returning(|_, _, _| Ok(corrupt_contacts().pop()));
    store
}

#[tokio::test]
async fn corrupt_contact_refuses_its_item_and_is_logged() {
    let log = logged(async {
        let app = App::on(corrupt_store()).await;
        let items = r#"[{"id": 12, "title": "Dr"}, {"externalId": "ERP-13"},
            {"contactType": "PERSON", "lastName": "Rochat"}]"#;
        let answer = app.send(post(BATCH, "all", items)).await.json();
        let errors = answer["items"].as_array().unwrap().iter().map(|item| &item["error"]);
        assert_eq!(errors.collect::<Vec<_>>(), [true, true, false]);
        let detail = &answer["items"][0]["errorCode"]["errorDetailValues"][0];
        assert_eq!(detail["data"], "12");
    })
    .await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("cannot be read")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let expected = [r#""contact":"12""#, r#""others":1"#, "the-request", "ERROR"];
    assert!(expected.iter().all(|text| lines[0].contains(text)), "{log}");
    assert!(!log.contains("Rochat"), "{log}");
}

#[tokio::test]
async fn merge_of_a_corrupt_contact_is_500() {
    let log = logged(async {
        let app = App::on(corrupt_store()).await;
        let answer = app.send(post(MERGING, "all", r#"{"targetId": 12, "sourceId": 13}"#)).await;
        assert_eq!(answer.problem(), (500, String::new()));
    })
    .await;
    let cause = "contact 12: the stored document does not fit its shape";
    assert_eq!(log.matches(cause).count(), 1, "{log}");
}

#[tokio::test]
async fn get_of_a_corrupt_contact_is_500() {
    let log = logged(async {
        let app = App::on(corrupt_store()).await;
        for path in ["/api-v1/contact/PERSON/13", "/api-v1/contact/PERSON/13/deleted"] {
            assert_eq!(app.get(path).await.problem(), (500, String::new()));
        }
    })
    .await;
    let cause = "contact 13: the stored document does not fit its shape";
    assert_eq!(log.matches(cause).count(), 2, "{log}");
}
