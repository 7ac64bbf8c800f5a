//! A store that fails is never a verdict, and its reasons stay here.

use std::io;
use std::sync::{Arc, Mutex};

use contacts_adapters_http::Settings;
use contacts_application::ports::{MockAccessStore, MockContactStore, StoreError};
use contacts_application::testing::{MemoryStore, now};
use contacts_domain::contact::{ContactType, DOCUMENT_VERSION, Projection, Record};
use contacts_domain::decision::{Decision, Loaded};
use contacts_domain::{ContactId, IdBlock, OrganizationId, Version};
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{Answer, App, BATCH, MERGING, app, get, post};

const SECRET: &str = "password authentication failed for user hub at 10.0.0.7";
const ITEM: &str = r#"[{"contactType": "PERSON", "lastName": "Rochat"}]"#;

fn cause() -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(io::Error::other(SECRET))
}

/// A store that fails like that, whatever it is asked.
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
async fn a_store_that_is_away_or_busy_is_503_and_says_when_to_try_again() {
    for error in [|| StoreError::unavailable(cause()), || StoreError::contention(cause())] {
        for answer in answers(error).await {
            assert_eq!(answer.problem(), (503, String::new()));
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert!(!format!("{answer:?}{}", answer.text()).contains("10.0.0.7"));
        }
    }
    let [batch, ..] = answers(|| StoreError::unavailable(cause())).await;
    insta::assert_snapshot!(batch.whole());
}

#[tokio::test]
async fn a_store_that_is_broken_is_500_and_says_nothing() {
    for error in [|| StoreError::corrupt(cause()), || StoreError::internal(cause())] {
        for answer in answers(error).await {
            assert_eq!(answer.problem(), (500, String::new()));
            assert!(!answer.text().contains("10.0.0.7"));
        }
    }
    let [batch, ..] = answers(|| StoreError::internal(cause())).await;
    insta::assert_snapshot!(batch.whole());
}

#[tokio::test]
async fn tokens_that_cannot_be_looked_up_are_503_not_401() {
    let mut access = MockAccessStore::new();
    access.expect_token().times(1).returning(|_| Err(StoreError::unavailable(cause())));
    let store = Arc::new(MemoryStore::default());
    let app = app(store.clone(), store, Arc::new(access), Settings::default());
    let response = app.oneshot(post(BATCH, "all", ITEM)).await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
}

#[tokio::test]
async fn a_panic_is_500_and_says_nothing() {
    let mut store = MockContactStore::new();
    store.expect_upsert().returning(|_| panic!("{SECRET}"));
    let app = App::on(store).await;
    let answer = app.send(post(BATCH, "all", ITEM)).await;
    assert_eq!(answer.problem(), (500, String::new()));
    assert!(!answer.text().contains("10.0.0.7"));
    assert_eq!(app.get("/healthz").await.status, 200);
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

/// What is logged meanwhile.
async fn logged(work: impl Future<Output = ()>) -> String {
    // As long as there is one subscriber alone, another test that is the first to log something has
    // it remembered as unwanted by all.
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
async fn a_cause_is_logged_once_with_the_id_of_the_request_and_no_personal_data() {
    let log = logged(async {
        let app = App::on(failing(|| StoreError::unavailable(cause()))).await;
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
fn damaged() -> Vec<Record> {
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
        },
        version: Version::FIRST,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
        document_version: DOCUMENT_VERSION,
        document: document.to_owned(),
    };
    vec![record(12, "null"), record(13, r#"{"lastName":7}"#)]
}

fn of_damaged() -> MockContactStore {
    let mut store = MockContactStore::new();
    let found = || Loaded { contacts: damaged(), ..Loaded::default() };
    store.expect_upsert().returning(move |batch| {
        Ok(batch.decide(found(), &mut IdBlock::new(100, batch.ids_at_most())).unwrap().1)
    });
    store.expect_merge().returning(move |merge| {
        Ok(merge.decide(found(), &mut IdBlock::new(100, merge.ids_at_most())).unwrap().1)
    });
    store.expect_contact().returning(|_, _, _| Ok(damaged().pop()));
    store
}

#[tokio::test]
async fn a_contact_that_cannot_be_read_refuses_its_item_and_is_told_to_the_operator() {
    let log = logged(async {
        let app = App::on(of_damaged()).await;
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
    let told = [r#""contact":"12""#, r#""others":1"#, "the-request", "ERROR"];
    assert!(told.iter().all(|told| lines[0].contains(told)), "{log}");
    assert!(!log.contains("Rochat"), "{log}");
}

#[tokio::test]
async fn a_merge_of_a_contact_that_cannot_be_read_is_not_the_callers_fault() {
    let log = logged(async {
        let app = App::on(of_damaged()).await;
        let answer = app.send(post(MERGING, "all", r#"{"targetId": 12, "sourceId": 13}"#)).await;
        assert_eq!(answer.problem(), (500, String::new()));
    })
    .await;
    let told = "contact 12: the stored document does not fit its shape";
    assert_eq!(log.matches(told).count(), 1, "{log}");
}

#[tokio::test]
async fn a_contact_that_cannot_be_read_is_not_shown() {
    let log = logged(async {
        let app = App::on(of_damaged()).await;
        for path in ["/api-v1/contact/PERSON/13", "/api-v1/contact/PERSON/13/deleted"] {
            assert_eq!(app.get(path).await.problem(), (500, String::new()));
        }
    })
    .await;
    let told = "contact 13: the stored document does not fit its shape";
    assert_eq!(log.matches(told).count(), 2, "{log}");
}
