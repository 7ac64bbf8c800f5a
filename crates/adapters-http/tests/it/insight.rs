//! Readiness and metrics: what the server tells its operator.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Method;
use contacts_adapters_http::{Ports, Routers, Services, Settings, router, routers};
use contacts_application::ports::{
    Measurement, MockContactStore, MockLedger, MockStoreState, Reading, StoreError, StoreErrorKind,
    StoreState,
};
use contacts_application::use_cases::PruneLedger;
use contacts_testing::{StoppedClock, now};
use futures_util::stream;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::app::{Answer, App, BATCH, TokioClock, device, get, post, request, store_with_tokens};

async fn on(state: impl StoreState + 'static) -> Router {
    let store = store_with_tokens().await;
    let ports = Ports { state: Arc::new(state), ..Ports::of(store) };
    let services = Services::new(ports, Arc::new(StoppedClock(now())));
    router(services, Settings::default())
}

pub(crate) async fn metrics(router: Router) -> String {
    let answer = Answer::of(router, request(Method::GET, "/metrics", &[], Body::empty())).await;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(media_type)));
    answer.text().to_owned()
}

/// The lines about a metric.
pub(crate) fn lines(metrics: &str, name: &str) -> Vec<String> {
    let lines = metrics.lines().filter(|line| line.starts_with(&format!("contact_hub_{name}")));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn server_is_ready_while_its_store_writes() {
    let answer = App::new().await.get("/readyz").await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
}

#[tokio::test]
async fn metrics_are_answered_while_every_place_is_taken() {
    let app = App::with(Settings { max_in_flight: 2, ..Settings::default() }).await;
    let (held, mut begun) = mpsc::unbounded_channel();
    let never_ending = || {
        let held = held.clone();
        Body::from_stream(stream::once(async move {
            held.send(()).unwrap();
            std::future::pending::<Result<Bytes, Infallible>>().await
        }))
    };
    let (mut arriving, mut unread) = (Vec::new(), Vec::new());
    for token in ["all", "other"] {
        unread.push(app.router().oneshot(post(BATCH, token, "[]")).await.unwrap());
        let mut batch = tokio::spawn(app.router().oneshot(post(BATCH, token, never_ending())));
        tokio::select! {
            _ = begun.recv() => arriving.push(batch),
            answer = &mut batch => panic!("{answer:?}"),
        }
    }
    assert_eq!(app.send(get("/api-v1/contact/PERSON/1", "clerk")).await.status, 503);
    assert_eq!(app.send(post(BATCH, "clerk", "[]")).await.status, 503);
    let metrics = metrics(app.router()).await;
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    assert_eq!(lines(&metrics, "arriving_requests "), ["contact_hub_arriving_requests 2"]);
    assert_eq!(lines(&metrics, "working_requests "), ["contact_hub_working_requests 2"]);
    arriving.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn store_that_cannot_write_is_asked_once() {
    let mut state = MockStoreState::new();
    let full = || Err(StoreError::unavailable("disk full"));
    state.expect_check_writable().times(1).returning(full);
    let router = on(state).await;
    for _ in 0..3 {
        let answer = Answer::of(router.clone(), get("/readyz", "")).await;
        assert_eq!(answer.problem(), (503, String::new()));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(!answer.text().contains("disk full"), "{answer:?}");
    }
}

#[tokio::test]
async fn server_is_not_ready_after_a_write_has_found_the_disk_full() {
    let mut contacts = MockContactStore::new();
    let full = |_| Err(StoreError::new(StoreErrorKind::Full, "disk full"));
    contacts.expect_upsert().times(2).returning(full);
    let app = App::on(contacts).await;
    let item = json!([{"contactType": "PERSON", "lastName": "Abt"}]).to_string();
    let mut lines = post("/v1/contacts/batch", "all", format!("{}\n", &item[1..item.len() - 1]));
    lines.headers_mut().insert("content-type", "application/x-ndjson".parse().unwrap());
    // A stream has begun its answer, and breaks off.
    for (write, status) in [(post(BATCH, "all", item), 503), (lines, 200)] {
        assert_eq!(app.get("/readyz").await.status, 200);
        let response = app.router().oneshot(write).await.unwrap();
        assert_eq!(response.status(), status);
        let mut body = response.into_body();
        // Each part is dropped, as if it was sent.
        while let Some(Ok(_)) = body.frame().await {}
        let answer = app.get("/readyz").await;
        assert_eq!(answer.problem(), (503, String::new()), "{answer:?}");
        assert!(!answer.text().contains("disk full"), "{answer:?}");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(10)).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn requests_items_and_violations_are_counted() {
    let app = App::new().await;
    let items = json!([
        {"contactType": "PERSON", "externalId": "A", "lastName": "Rochat", "phone": "12"},
        {"contactType": "PERSON", "externalId": "B", "lastName": "Favre", "email": "none"},
    ]);
    app.batch(items).await;
    app.send(get("/api-v1/contact/PERSON/7", "all")).await;
    app.send(device(Method::GET, "/api/v1/contacts", "all", "")).await;
    let metrics = metrics(app.router()).await;
    assert_eq!(
        lines(&metrics, "requests_total"),
        [
            r#"contact_hub_requests_total{route="/api-v1/contact/batch",method="POST",status="200"} 1"#,
            r#"contact_hub_requests_total{route="/api-v1/contact/{type}/{id}",method="GET",status="404"} 1"#,
            r#"contact_hub_requests_total{route="/api/v1/contacts",method="GET",status="200"} 1"#,
        ]
    );
    assert_eq!(
        lines(&metrics, "items_total"),
        [
            r#"contact_hub_items_total{api="erp",verdict="created"} 1"#,
            r#"contact_hub_items_total{api="erp",verdict="rejected"} 1"#,
        ]
    );
    assert_eq!(
        lines(&metrics, "violations_total"),
        [
            r#"contact_hub_violations_total{rule="e-mail",severity="error"} 1"#,
            r#"contact_hub_violations_total{rule="phone",severity="warning"} 1"#,
        ]
    );
    assert_eq!(
        lines(&metrics, "request_duration_seconds_count"),
        [
            r#"contact_hub_request_duration_seconds_count{route="/api-v1/contact/batch",method="POST"} 1"#,
            r#"contact_hub_request_duration_seconds_count{route="/api-v1/contact/{type}/{id}",method="GET"} 1"#,
            r#"contact_hub_request_duration_seconds_count{route="/api/v1/contacts",method="GET"} 1"#,
        ]
    );
    assert_eq!(
        lines(&metrics, "step_duration_seconds_count"),
        [
            r#"contact_hub_step_duration_seconds_count{step="read"} 1"#,
            r#"contact_hub_step_duration_seconds_count{step="receive"} 1"#,
            r#"contact_hub_step_duration_seconds_count{step="store"} 3"#,
        ]
    );
    assert!(metrics.contains(r#"contact_hub_build_info{version="0.1.0"} 1"#), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn measurements_of_the_store_are_shown() {
    let mut state = MockStoreState::new();
    let of = |name, value| Measurement { name, about: "What", value };
    state.expect_measurements().returning(move || {
        vec![of("commits", Reading::Total(7)), of("waiting", Reading::Level(3))]
    });
    let metrics = metrics(on(state).await).await;
    assert_eq!(lines(&metrics, "commits"), ["contact_hub_commits_total 7"]);
    assert_eq!(lines(&metrics, "waiting"), ["contact_hub_waiting 3"]);
}

#[tokio::test(start_paused = true)]
async fn ledger_lags_until_all_of_it_is_pruned() {
    let store = store_with_tokens().await;
    let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
    let mut ledger = MockLedger::new();
    ledger.expect_prune().times(1).returning(|_, _| Err(StoreError::unavailable("away")));
    ledger.expect_prune().returning(|_, _| Ok(false));
    let day = Duration::from_secs(24 * 60 * 60);
    let prune = PruneLedger::new(Arc::new(ledger), store.clone(), clock.clone(), day);
    let prune = Arc::new(prune);
    let services = Services::new(Ports::of(store), clock);
    let services = Services { prune_ledger: Some(prune.clone()), ..services };
    let router = router(services, Settings::default());
    let lag = async || lines(&metrics(router.clone()).await, "ledger_pruning_lag_seconds");
    tokio::time::advance(day).await;
    prune.execute().await.unwrap_err();
    assert_eq!(lag().await, ["contact_hub_ledger_pruning_lag_seconds 86400"]);
    prune.execute().await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(lag().await, ["contact_hub_ledger_pruning_lag_seconds 5"]);
}

#[tokio::test]
async fn invented_paths_and_methods_share_a_label() {
    let app = App::new().await;
    for number in 0..20 {
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        app.send(request(method, &format!("/{number}"), &[], Body::empty())).await;
    }
    assert_eq!(
        lines(&metrics(app.router()).await, "requests_total"),
        [r#"contact_hub_requests_total{route="unknown",method="other",status="404"} 20"#]
    );
}

#[tokio::test]
async fn metrics_of_their_own_address_are_elsewhere_missing() {
    let store = store_with_tokens().await;
    let clock = Arc::new(StoppedClock(now()));
    let services = Services::new(Ports::of(store), clock);
    let Routers { apis, metrics: apart } = routers(services, Settings::default());
    let answer = Answer::of(apis, get("/metrics", "all")).await;
    assert_eq!(answer.problem(), (404, "NOT_FOUND".into()));
    let metrics = metrics(apart).await;
    assert!(metrics.contains(r#"status="404"} 1"#), "{metrics}");
}
