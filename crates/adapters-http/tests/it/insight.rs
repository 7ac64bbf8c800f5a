//! Readiness, metrics and traces: what the server tells its operator.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Once};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::{Ports, Routers, Services, Settings, router, routers};
use contacts_application::ports::{
    Measurement, MockLedger, MockStoreState, Reading, StoreError, StoreState,
};
use contacts_application::use_cases::PruneLedger;
use contacts_testing::{StoppedClock, now};
use serde_json::json;

use crate::app::{Answer, App, BATCH, device, get, post, request, store_with_tokens};
use crate::authorization::operations;
use crate::limits::TokioClock;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metrics_are_whole_under_load() {
    let app = App::new().await;
    let send = async |router| Answer::of(router, post(BATCH, "all", "[{},{}]")).await.status;
    assert_eq!(send(app.router()).await, 200);
    let batches = (1..100).map(|_| tokio::spawn(send(app.router())));
    let batches: Vec<_> = batches.collect();
    for _ in 0..50 {
        let metrics = metrics(app.router()).await;
        assert!(metrics.ends_with("# EOF\n"), "{metrics}");
        assert_eq!(metrics.matches("# TYPE contact_hub_requests counter").count(), 1);
    }
    for batch in batches {
        assert_eq!(batch.await.unwrap(), 200);
    }
    let metrics = metrics(app.router()).await;
    let rejected = r#"contact_hub_items_total{api="erp",verdict="rejected"} 200"#;
    assert!(lines(&metrics, "items_total").contains(&rejected.to_owned()), "{metrics}");
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
    let violations = lines(&metrics, "violations_total").join("\n");
    assert!(violations.contains(r#"severity="warning""#), "{violations}");
    assert!(violations.contains(r#"severity="error""#), "{violations}");
    for step in ["receive", "read", "store"] {
        let count = format!("contact_hub_step_duration_seconds_count{{step=\"{step}\"}}");
        assert!(metrics.contains(&count), "{step}: {metrics}");
    }
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

thread_local! {
    /// The log of a test: each has a thread of its own.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the current test.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs everything from now on. One subscriber serves all tests: with several, a place that logs
    /// may have been seen by none.
    fn start() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(|| Self)
                .with_ansi(false)
                .init();
        });
    }

    fn text() -> String {
        LOG.with_borrow(|log| String::from_utf8(log.clone()).unwrap())
    }
}

const MARKER: &str = "Zwetschgenmus";

#[tokio::test]
async fn neither_log_nor_metrics_hold_what_was_sent() {
    Log::start();
    let app = App::new().await;
    let item = json!({"contactType": "PERSON", "externalId": MARKER, "lastName": MARKER,
        "email": format!("{MARKER}@rhone.example"), MARKER: MARKER});
    let bodies = [
        item.clone(),
        json!([item]),
        json!({"items": [item]}),
        json!({"list_items": [{"name": MARKER, "link_id": MARKER, "number": MARKER}]}),
        json!({"link_ids": [MARKER]}),
        json!(MARKER),
    ];
    for operation in operations() {
        for id in ["1", MARKER] {
            let path = format!("{}?q={MARKER}&{MARKER}={MARKER}", operation.path_to(id));
            for body in &bodies {
                let headers = [
                    ("weal-token", "all"),
                    ("content-type", "application/json"),
                    ("user-agent", MARKER),
                    ("prefer", MARKER),
                ];
                let method = operation.method.clone();
                app.send(request(method, &path, &headers, body.to_string())).await;
            }
        }
    }
    assert!(!app.store.records().is_empty(), "some of it was stored");
    let log = Log::text();
    assert!(log.contains("/api-v1/contact/batch") && log.contains("created=1"), "{log}");
    assert!(!log.contains(MARKER) && !log.contains(&MARKER.to_lowercase()), "{log}");
    assert!(!metrics(app.router()).await.to_lowercase().contains(&MARKER.to_lowercase()));
}

#[tokio::test]
async fn trace_of_the_caller_is_logged() {
    Log::start();
    let app = App::new().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut traced = post(BATCH, "all", "[]");
    let sent = format!("00-{trace}-00f067aa0ba902b7-01").parse().unwrap();
    traced.headers_mut().insert("traceparent", sent);
    app.send(traced).await;
    let log = Log::text();
    assert!(log.contains(&format!("trace=\"{trace}\"")), "{log}");
}
