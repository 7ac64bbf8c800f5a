//! Streams in gzip, above a rate, and by a token that expires.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use contacts_adapters_http::Settings;
use contacts_application::access::{NewToken, Reach, Scopes, TokenDigest};
use contacts_application::ports::AccessStore;
use contacts_domain::Timestamp;
use contacts_testing::{now, organization};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::stream::{ALL, person, read, streamed, streamed_by};
use crate::app::{App, request};
use crate::compression::gzip;

fn compressed(body: impl Into<Body>) -> Request<Body> {
    let headers = [
        ("weal-token", "all"),
        ("content-type", "application/x-ndjson"),
        ("content-encoding", "gzip"),
        ("accept-encoding", "gzip"),
    ];
    request(Method::POST, "/v1/contacts/batch?results=all", &headers, body)
}

/// A body that arrives in pieces of that many bytes.
fn in_pieces(bytes: &[u8], of: usize) -> Body {
    let pieces: Vec<_> =
        bytes.chunks(of).map(|piece| Ok::<_, Infallible>(piece.to_vec())).collect();
    Body::from_stream(stream::iter(pieces))
}

fn verdicts(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["verdict"].as_str()).collect()
}

#[tokio::test]
async fn compressed_stream_is_stored_however_it_is_cut() {
    let app = App::new().await;
    let body =
        [gzip((person("A") + &person("B")[..9]).as_bytes()), gzip(&person("B").as_bytes()[9..])];
    let body = body.concat();
    for piece in [1, 7, body.len()] {
        let (lines, is_complete) = read(&app.router(), compressed(in_pieces(&body, piece))).await;
        assert!(is_complete);
        assert_eq!(verdicts(&lines).len(), 2, "{lines:?}");
    }
    assert_eq!(app.store.records().len(), 2);
    let answer = app.send(compressed("")).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, None));
}

#[tokio::test]
async fn compressed_line_is_answered_before_the_next() {
    let app = App::new().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut flushed = |line: String| {
        use std::io::Write as _;
        encoder.write_all(line.as_bytes()).unwrap();
        encoder.flush().unwrap();
        std::mem::take(encoder.get_mut())
    };
    let (first, second) = (flushed(person("A")), flushed(person("B")));
    let end = encoder.finish().unwrap();
    let (sender, receiver) = mpsc::channel(1);
    let pieces = stream::unfold(receiver, |mut receiver| async {
        Some((Ok::<Bytes, Infallible>(receiver.recv().await?), receiver))
    });
    let response = tower::ServiceExt::oneshot(app.router(), compressed(Body::from_stream(pieces)))
        .await
        .unwrap();
    let mut answer = response.into_body().into_data_stream();
    sender.send(first.into()).await.unwrap();
    let line: Value = serde_json::from_slice(&answer.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(line["externalId"], "A");
    sender.send(second.into()).await.unwrap();
    sender.send(end.into()).await.unwrap();
    drop(sender);
    let rest: Vec<_> = answer.map(Result::unwrap).collect().await;
    assert!(rest.concat().starts_with(b"{\"index\":1"), "{rest:?}");
}

#[tokio::test]
async fn stream_that_expands_a_thousandfold_ends_with_413() {
    let app = App::new().await;
    let bomb = [person("A").into_bytes(), vec![b' '; 64 << 20]].concat();
    let (lines, is_complete) = read(&app.router(), compressed(gzip(&bomb))).await;
    assert!(!is_complete);
    let [first, problem] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&first["externalId"], &problem["problem"]["status"]), (&json!("A"), &json!(413)));
    assert_eq!(problem["resumeFromLine"], 2);
}

#[tokio::test]
async fn damaged_stream_is_never_complete() {
    let app = App::new().await;
    let whole = gzip((person("A") + &person("B")).as_bytes());
    let mut other_sum = whole.clone();
    let sum = other_sum.len() - 8;
    other_sum[sum] ^= 1;
    let followed = [&whole[..], b"more"].concat();
    let cut = whole[..whole.len() - 1].to_vec();
    for body in [person("A").into_bytes(), cut, other_sum, followed] {
        let (lines, is_complete) = read(&app.router(), compressed(in_pieces(&body, 10))).await;
        assert!(!is_complete);
        let problem = &lines.last().unwrap()["problem"];
        assert_eq!(problem["type"], "urn:contact-hub:problem:body-not-gzip", "{lines:?}");
    }
    let twice = request(
        Method::POST,
        "/v1/contacts/batch",
        &[
            ("weal-token", "all"),
            ("content-type", "application/x-ndjson"),
            ("content-encoding", "gzip, gzip"),
        ],
        gzip(&whole),
    );
    assert_eq!(app.send(twice).await.problem().0, 415);
}

#[tokio::test(start_paused = true)]
async fn token_that_expires_ends_the_stream() {
    let app = App::with_moving_clock().await;
    let expires_at = Timestamp::from_micros(now().micros() + 1_500_000);
    let digest = TokenDigest(Sha256::digest("short-lived").into());
    let token = NewToken {
        digest,
        prefix: "short".to_owned(),
        name: "short-lived".to_owned(),
        reach: Reach::Organizations([organization(1).id].into()),
        scopes: Scopes::all_but_admin(),
        created_at: now(),
        expires_at: Some(expires_at),
        replaces: None,
    };
    app.store.add_token(token).await.unwrap();
    let pieces = stream::iter(["A", "B"]).then(|name| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(person(name))
    });
    let request = streamed_by("short-lived", ALL, Body::from_stream(pieces));
    let (lines, is_complete) = read(&app.router(), request).await;
    assert!(!is_complete);
    let [first, problem] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(first["externalId"], "A");
    assert_eq!(
        (&problem["problem"]["status"], &problem["resumeFromLine"]),
        (&json!(401), &json!(2))
    );
    assert_eq!(app.store.records().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stream_above_the_rate_is_read_later() {
    let settings = Settings {
        items_per_second: NonZeroU32::new(1),
        rate_burst_seconds: NonZeroU32::new(2).unwrap(),
        ..Settings::default()
    };
    let app = App::with(settings).await;
    let pieces = stream::iter(["A", "B", "C", "D", "E"]).then(|name| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(person(name))
    });
    let begun = tokio::time::Instant::now();
    let (lines, is_complete) = read(&app.router(), streamed(ALL, Body::from_stream(pieces))).await;
    assert_eq!((lines.len(), is_complete), (6, true));
    assert_eq!(begun.elapsed().as_secs(), 3);
}
