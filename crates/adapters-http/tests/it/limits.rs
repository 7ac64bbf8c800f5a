//! What the requests of a token may hold, beside those of another token.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use contacts_adapters_http::Settings;
use contacts_application::access::TokenId;
use contacts_application::ports::AccessStore;
use contacts_testing::now;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::app::{App, BATCH, MERGING, get, post, request};

const MIB: usize = 1 << 20;

/// A body of pieces, each after a pause.
fn slow(pieces: impl Stream<Item = (Duration, Bytes)> + Send + 'static) -> Body {
    Body::from_stream(pieces.then(|(pause, piece)| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(piece)
    }))
}

fn batch(token: &str, body: Body) -> Request<Body> {
    let headers = [("weal-token", token), ("content-type", "application/json")];
    request(Method::POST, BATCH, &headers, body)
}

#[tokio::test(start_paused = true)]
async fn body_below_the_least_rate_is_408() {
    let app = App::new().await;
    let drops = stream::repeat_with(|| (Duration::from_secs(2), Bytes::from_static(b" ")));
    let begun = tokio::time::Instant::now();
    let answer = app.send(batch("all", slow(drops))).await;
    assert_eq!(answer.problem(), (408, String::new()));
    assert_eq!(answer.json()["detail"], "the body arrived at less than 1024 bytes a second");
    assert_eq!(begun.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn body_that_never_ends_is_408() {
    let settings = Settings { max_body_time: Duration::from_secs(60), ..Settings::default() };
    let app = App::with(settings).await;
    let piece = Bytes::from(vec![b' '; 4 << 10]);
    let pieces = stream::repeat_with(move || (Duration::from_secs(2), piece.clone()));
    let answer = app.send(batch("all", slow(pieces))).await;
    assert_eq!(answer.problem(), (408, String::new()));
    assert_eq!(answer.json()["detail"], "the body took longer than 60 seconds");
}

#[tokio::test(start_paused = true)]
async fn token_revoked_during_a_long_body_stores_nothing() {
    let app = App::with_moving_clock().await;
    let item = json!([{"contactType": "PERSON", "lastName": "Abt"}]).to_string();
    let store = Arc::clone(&app.store);
    let body = slow(stream::once(async move {
        assert!(store.revoke_token(TokenId(1), now()).await.unwrap());
        (Duration::from_secs(6), Bytes::from(item))
    }));
    let answer = app.send(batch("all", body)).await;
    assert_eq!(answer.problem(), (401, "ACTION_DENIED".into()));
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn place_is_kept_until_the_last_byte_is_taken() {
    let app = App::with(Settings { max_in_flight: 2, ..Settings::default() }).await;
    app.batch(json!([{"contactType": "PERSON", "lastName": "Abt"}])).await;
    let path = "/api-v1/contact/PERSON/1";

    let unread = app.router().oneshot(get(path, "all")).await.unwrap();
    assert_eq!(app.get(path).await.problem(), (503, String::new()));
    assert_eq!(app.send(get(path, "other")).await.status, 404, "another token has its own half");

    let bytes = unread.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(app.get(path).await.status, 503, "the system has not taken the bytes yet");
    drop(bytes);
    assert_eq!(app.get(path).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn arriving_bodies_of_a_token_leave_half_to_others() {
    let app = App::with(Settings { max_in_flight: 2, ..Settings::default() }).await;
    let never = || slow(stream::once(async { (Duration::from_secs(3_600), Bytes::new()) }));
    let arriving = tokio::spawn(app.router().oneshot(batch("all", never())));
    tokio::task::yield_now().await;
    assert_eq!(app.send(batch("all", never())).await.problem(), (503, String::new()));
    assert_eq!(app.send(post(BATCH, "other", "[]")).await.status, 200);
    assert_eq!(app.get("/api-v1/contact/PERSON/1").await.status, 404, "no body arrives");
    assert_eq!(arriving.await.unwrap().unwrap().status(), 408);
}

#[tokio::test]
async fn bodies_of_a_token_leave_half_the_room_to_others() {
    let app = App::new().await;
    let (held, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let large = move || {
        let held = held.clone();
        let piece = Bytes::from(vec![b' '; 31 * MIB]);
        Body::from_stream(stream::iter([Ok::<_, Infallible>(piece)]).chain(stream::once(
            async move {
                held.send(()).unwrap();
                std::future::pending().await
            },
        )))
    };
    let mut arriving = Vec::new();
    for _ in 0..2 {
        arriving.push(tokio::spawn(app.router().oneshot(batch("all", large()))));
        begun.recv().await.unwrap();
    }
    let three = || Body::from(vec![b' '; 3 * MIB]);
    assert_eq!(app.send(batch("all", three())).await.problem(), (503, String::new()));
    assert_eq!(app.send(batch("other", three())).await.problem(), (400, "CONTENT_EMPTY".into()));
    let small = Body::from(vec![b' '; 60 << 10]);
    assert_eq!(app.send(batch("all", small)).await.problem(), (400, "CONTENT_EMPTY".into()));
    arriving.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn batch_that_takes_too_much_memory_is_413() {
    let app = App::new().await;
    let item = format!("{{\"lastName\":\"x\",\"addresses\":[{}]}}", vec!["{}"; 1_000].join(","));
    let items = format!("[{}]", vec![item.as_str(); 400].join(","));
    let answer = app.send(post(BATCH, "all", items)).await;
    assert_eq!(answer.problem(), (413, "VALIDATION_ERROR".into()));
    let detail = "the request takes about 322 MiB of memory, of at most 192; send fewer items";
    assert_eq!(answer.json()["detail"], detail);
}

#[tokio::test]
async fn body_of_a_single_item_is_at_most_1_mib() {
    let app = App::new().await;
    for (method, path) in [
        (Method::POST, MERGING),
        (Method::POST, "/api/v1/contacts/items"),
        (Method::PUT, "/api/v1/contacts/items/1"),
    ] {
        let headers = [("weal-token", "all"), ("content-type", "application/json")];
        let body = Body::from(vec![b' '; MIB + 1]);
        let answer = app.send(request(method, path, &headers, body)).await;
        assert_eq!(answer.status, 413, "{path}");
        assert!(answer.text().contains("at most 1048576 bytes"), "{answer:?}");
    }
}

#[tokio::test]
async fn answer_much_larger_than_its_request_is_given() {
    let app = App::new().await;
    let note = "x".repeat(10_000);
    let addresses: Vec<_> = (0..20).map(|_| json!({"line1": note})).collect();
    app.batch(json!([{"contactType": "PERSON", "externalId": "A", "addresses": addresses}])).await;
    let items: Vec<_> =
        (0..8).map(|fax| json!({"externalId": "A", "fax": fax.to_string()})).collect();
    let answer = app.send(post(BATCH, "all", json!(items).to_string())).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() > 8 * 200_000, "{}", answer.body.len());
    for (fax, item) in answer.json()["items"].as_array().unwrap().iter().enumerate() {
        assert_eq!(item["freshData"]["fax"], json!(fax.to_string()));
    }
}

#[tokio::test]
async fn long_answer_is_streamed_in_order() {
    let app = App::new().await;
    let items: Vec<_> = (0..2_500)
        .map(|index| json!({"contactType": "PERSON", "externalId": format!("E-{index}")}))
        .collect();
    let answer = app.send(post(BATCH, "all", json!(items).to_string())).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, None));
    let answered = answer.json();
    let answered = answered["items"].as_array().unwrap();
    assert_eq!(answered.len(), 2_500);
    for (index, item) in answered.iter().enumerate() {
        assert_eq!(item["freshData"]["externalId"], json!(format!("E-{index}")));
    }
}

#[tokio::test]
async fn merge_that_loads_large_contacts_is_done() {
    let app = App::new().await;
    app.batch(json!([
        {"contactType": "PERSON", "lastName": "Abt"},
        {"contactType": "PERSON", "lastName": "Bär"},
    ]))
    .await;
    let addresses: Vec<_> = (0..20).map(|_| json!({"line1": "x".repeat(10_000)})).collect();
    for _ in 0..6 {
        app.batch(json!([
            {"contactType": "PERSON", "relatedContactIds": [2], "addresses": addresses},
        ]))
        .await;
    }
    let merge = json!({"targetId": 1, "sourceId": 2}).to_string();
    assert_eq!(app.send(post(MERGING, "all", merge)).await.status, 200);
}

#[tokio::test]
async fn large_batches_about_larger_contacts_are_all_answered() {
    let app = App::new().await;
    let note = json!([{"line1": "x".repeat(3_000)}]);
    let keys: Vec<_> = (0..2_000).map(|key| format!("E-{key}")).collect();
    let create: Vec<_> = keys
        .iter()
        .map(|key| json!({"contactType": "PERSON", "externalId": key, "addresses": note}))
        .collect();
    app.batch(json!(create)).await;
    let patch: Vec<_> = (0..5)
        .flat_map(|fax| {
            keys.iter().map(move |key| json!({"externalId": key, "fax": fax.to_string()}))
        })
        .collect();
    let body = json!(patch).to_string();
    let sent = (0..4).map(|_| app.send(post(BATCH, "all", body.clone())));
    for answer in futures_util::future::join_all(sent).await {
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn memory_of_a_batch_is_given_back_when_it_is_applied() {
    let app = App::new().await;
    let item = format!("{{\"lastName\":\"x\",\"addresses\":[{}]}}", vec!["{}"; 100].join(","));
    let items = format!("[{}]", vec![item.as_str(); 1_500].join(","));
    // Both weigh more than all the memory together.
    let unread = app.router().oneshot(post(BATCH, "all", items.clone())).await.unwrap();
    assert_eq!(app.send(post(BATCH, "other", items)).await.status, 200);
    drop(unread);
}

#[tokio::test]
async fn items_of_a_large_batch_list_fewer_details() {
    let app = App::new().await;
    let unknown: Vec<_> = (0..60).map(|name| format!("\"u{name}\":0")).collect();
    let item = format!("{{\"externalId\":\"A\",\"lastName\":\"x\",{}}}", unknown.join(","));
    for (items, details) in [(1, 61), (5_000, 21)] {
        let batch = format!("[{}]", vec![item.as_str(); items].join(","));
        let answer = app.send(post(BATCH, "all", batch)).await.json();
        let listed = &answer["items"][0]["errorCode"]["errorDetailValues"];
        assert_eq!(listed.as_array().unwrap().len(), details, "{listed}");
    }
}
