//! `POST /v1/contacts/batch` with NDJSON.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::access::TokenId;
use contacts_application::ports::{AccessStore, ContactStore, MockContactStore, StoreError};
use contacts_testing::{MemoryStore, now};
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::app::{App, request, store_with_tokens};
use crate::limits::TokioClock;

const PATH: &str = "/v1/contacts/batch";
pub(super) const ALL: &str = "?results=all";

pub(super) fn streamed(query: &str, body: impl Into<Body>) -> Request<Body> {
    streamed_by("all", query, body)
}

pub(super) fn streamed_by(token: &str, query: &str, body: impl Into<Body>) -> Request<Body> {
    let headers = [("weal-token", token), ("content-type", "application/x-ndjson")];
    request(Method::POST, &format!("{PATH}{query}"), &headers, body)
}

pub(super) fn person(external_id: impl std::fmt::Display) -> String {
    format!(
        "{{\"contactType\":\"PERSON\",\"externalId\":\"{external_id}\",\"lastName\":\"Abt\"}}\n"
    )
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of an answer, and whether it was complete.
pub(super) async fn read(router: &Router, request: Request<Body>) -> (Vec<Value>, bool) {
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let (mut body, mut text) = (response.into_body(), Vec::new());
    let is_complete = loop {
        match body.frame().await {
            Some(Ok(frame)) => text.extend_from_slice(&frame.into_data().unwrap()),
            end => break end.is_none(),
        }
    };
    (lines(std::str::from_utf8(&text).unwrap()), is_complete)
}

#[tokio::test]
async fn every_line_has_its_result() {
    let app = App::new().await;
    let first = [
        "\u{feff}{\"contactType\":\"PERSON\",\"externalId\":\"A\",\"lastName\":\"Abt\"}\r\n",
        "\r\n",
        "  \n",
        "{\"externalId\":\"A\",\"phone\":\"12\",\"$\":{\"ref\":\"row 4\"}}\n",
        "{\"externalId\":\"A\",\n",
        "7\n",
        "[]\n",
        "null\n",
        "{} {}\n",
        "{\"externalId\":\"A\",\"$\":{\"delte\":true}}\n",
    ];
    let first = first.concat();
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"lastName\":\"{}\"}}\n", "x".repeat(10 << 20));
    let last = "{\"externalId\":\"A\",\"$\":{\"delete\":true}}";
    let body = [
        first.as_bytes(),
        deep.as_bytes(),
        long.as_bytes(),
        b"{\"lastName\":\"\xff\"}\n",
        last.as_bytes(),
    ];
    let answer = app.send(streamed(ALL, body.concat())).await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    insta::assert_snapshot!(answer.text());
}

#[tokio::test]
async fn only_problems_are_shown_unless_asked() {
    let app = App::new().await;
    let body = person("A") + "null\n" + &person("B");
    let answer = app.send(streamed("", body)).await;
    insta::assert_snapshot!(answer.text());
    assert_eq!(app.send(streamed("", "")).await.text(), EMPTY);
    assert_eq!(app.send(streamed("", "\n\r\n \n")).await.text(), EMPTY);
}

const EMPTY: &str = "{\"summary\":{\"items\":0,\"created\":0,\"updated\":0,\"unchanged\":0,\"rejected\":0,\
     \"deleted\":0,\"ambiguous\":0,\"stale\":0}}\n";

#[tokio::test]
async fn described_stream_is_answered_as_described() {
    let app = App::new().await;
    let description = app.get("/openapi.json").await.json();
    let operation = &description["paths"][PATH]["post"];
    let example = |content: &Value| {
        content["content"]["application/x-ndjson"]["example"].as_str().unwrap().to_owned()
    };
    let answer = app.send(streamed("", example(&operation["requestBody"]))).await;
    assert_eq!(answer.text(), example(&operation["responses"]["200"]));
}

#[tokio::test]
async fn option_that_no_stream_takes_is_refused() {
    let app = App::new().await;
    for (query, expected) in [
        ("?dryRun=true", "a stream does not take dryRun"),
        ("?atomicity=batch", "a stream does not take atomicity=batch"),
        ("?onRepeat=first", "a stream does not take onRepeat"),
        ("?mode=creat", "did you mean create?"),
        ("?matchby=id", "did you mean matchBy?"),
    ] {
        let answer = app.send(streamed(query, person("A"))).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{query}");
        assert!(answer.detail().contains(expected), "{}", answer.detail());
    }
    let mut keyed = streamed("", person("A"));
    keyed.headers_mut().insert("idempotency-key", "k".parse().unwrap());
    let answer = app.send(keyed).await;
    assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()));
    assert!(answer.detail().contains("Idempotency-Key"));
    let mut coded = streamed("", person("A"));
    coded.headers_mut().insert("content-encoding", "br".parse().unwrap());
    assert_eq!(app.send(coded).await.status, 415);
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn result_comes_before_the_next_line_is_sent() {
    let app = App::new().await;
    let (sender, receiver) = mpsc::unbounded_channel::<Bytes>();
    let receiver = stream::unfold(receiver, async |mut receiver| {
        Some((Ok::<_, Infallible>(receiver.recv().await?), receiver))
    });
    let request = streamed(ALL, Body::from_stream(receiver));
    let mut answer = app.router().oneshot(request).await.unwrap().into_body();
    for (index, verdict) in [(0, "created"), (1, "created"), (2, "unchanged")] {
        sender.send(person(index % 2).into()).unwrap();
        let frame = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        let line: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!((&line["index"], &line["verdict"]), (&json!(index), &json!(verdict)));
    }
    drop(sender);
    let end = answer.collect().await.unwrap().to_bytes();
    assert_eq!(lines(std::str::from_utf8(&end).unwrap())[0]["summary"]["items"], 3);
}

#[tokio::test]
async fn repeats_across_chunks_are_one_contact() {
    let app = App::new().await;
    let body: String = (0..5_000).map(|index| person(index % 7)).collect();
    let answer = app.send(streamed(ALL, body)).await;
    let lines = lines(answer.text());
    assert_eq!(lines.len(), 5_001);
    for (index, line) in lines[..5_000].iter().enumerate() {
        assert_eq!((&line["index"], &line["line"]), (&json!(index), &json!(index + 1)));
        if let Some(same_as) = line["sameAs"].as_u64() {
            assert_eq!(usize::try_from(same_as).unwrap() % 7, index % 7, "{line}");
        }
    }
    let summary = &lines[5_000]["summary"];
    assert_eq!((&summary["created"], &summary["unchanged"]), (&json!(7), &json!(4_993)));
    assert_eq!(app.store.records().len(), 7);
}

#[tokio::test]
async fn outcome_is_that_of_a_batch() {
    let items: Vec<Value> = (0..300)
        .map(|index| {
            json!({"contactType": "PERSON", "externalId": format!("{}", index % 90),
            "lastName": "Abt", "phone": format!("{index}"), "email": "a@b"})
        })
        .collect();
    let (streaming, batch) = (App::new().await, App::new().await);
    let body: String = items.iter().map(|item| format!("{item}\n")).collect();
    let (lines, is_complete) =
        read(&streaming.router(), streamed("?handling=lenient&results=all", body)).await;
    assert!(is_complete);
    let request =
        crate::app::post(&format!("{PATH}?handling=lenient"), "all", json!(items).to_string());
    let answer = batch.send(request).await.json();
    assert_eq!(lines.last().unwrap()["summary"], answer["summary"]);
    let mut results = lines[..300].to_vec();
    for line in &mut results {
        let run = line.as_object_mut().unwrap().remove("run");
        assert!(run.is_some_and(|run| run.is_i64()), "{line}");
        line.as_object_mut().unwrap().remove("line");
    }
    assert_eq!(json!(results), answer["items"]);
}

#[tokio::test(start_paused = true)]
async fn silent_client_is_told_where_to_go_on() {
    let app = App::new().await;
    let silent = stream::iter([person("A"), "\n".into(), person("B"), "{\"externalId\"".into()])
        .map(Ok::<_, Infallible>)
        .chain(stream::pending());
    let (lines, is_complete) = read(&app.router(), streamed(ALL, Body::from_stream(silent))).await;
    assert!(!is_complete);
    let [.., second, problem] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(second["line"], 3);
    assert_eq!(
        (&problem["problem"]["status"], &problem["resumeFromLine"]),
        (&json!(408), &json!(4))
    );
    assert_eq!(problem["problem"]["requestId"], "the-request");
    assert_eq!(app.store.records().len(), 2);
}

#[tokio::test]
async fn broken_body_is_never_complete() {
    let app = App::new().await;
    let broken = stream::iter([Ok(Bytes::from(person("A") + "{}")), Err(io::Error::other("cut"))]);
    let (lines, is_complete) = read(&app.router(), streamed(ALL, Body::from_stream(broken))).await;
    assert!(!is_complete);
    let [first, problem] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(first["verdict"], "created");
    assert_eq!(
        (&problem["problem"]["status"], &problem["resumeFromLine"]),
        (&json!(400), &json!(2))
    );
}

#[tokio::test]
async fn failing_store_ends_the_stream_where_it_stands() {
    let memory = MemoryStore::default();
    let mut store = MockContactStore::new();
    let mut calls = 0;
    store.expect_recognize().returning(|_| Ok(Vec::new()));
    store.expect_upsert().returning(move |batch| {
        calls += 1;
        match calls {
            3 => Err(StoreError::unavailable("gone")),
            _ => Ok(futures_util::FutureExt::now_or_never(memory.upsert(batch)).unwrap().unwrap()),
        }
    });
    let app = App::on(store).await;
    let body: String = (0..20_000).map(person).collect();
    let (lines, is_complete) = read(&app.router(), streamed(ALL, body)).await;
    assert!(!is_complete);
    let (problem, results) = lines.split_last().unwrap();
    assert_eq!(problem["problem"]["status"], 503);
    assert!(problem.get("summary").is_none());
    let answered = results.last().unwrap()["line"].as_u64().unwrap();
    assert_eq!(problem["resumeFromLine"], answered + 1);
    assert_eq!(results.len(), usize::try_from(answered).unwrap());
}

#[tokio::test(start_paused = true)]
async fn revoked_token_ends_the_stream() {
    let store = store_with_tokens().await;
    let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
    let services = Services::new(Ports::of(store.clone()), clock);
    let router = router(services, Settings::default());
    let revoking = Arc::clone(&store);
    let pieces = stream::iter([false, true]).then(move |is_second| {
        let store = Arc::clone(&revoking);
        async move {
            if is_second {
                assert!(store.revoke_token(TokenId(1), now()).await.unwrap());
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            Ok::<_, Infallible>(person(is_second))
        }
    });
    let (lines, is_complete) = read(&router, streamed(ALL, Body::from_stream(pieces))).await;
    assert!(!is_complete);
    let [first, problem] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (&first["externalId"], &problem["problem"]["status"]),
        (&json!("false"), &json!(401))
    );
    assert_eq!(store.records().len(), 1);
}

#[tokio::test]
async fn fifth_stream_of_a_token_is_refused() {
    let app = App::new().await;
    let never = || Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(app.router().oneshot(streamed("", never())).await.unwrap());
    }
    let fifth = app.send(streamed("", person("A"))).await;
    assert_eq!((fifth.problem(), fifth.header("retry-after")), ((503, String::new()), Some("1")));
    assert_eq!(app.send(streamed_by("other", "", person("A"))).await.status, 200);
    assert_eq!(app.send(crate::app::post(PATH, "all", "[]")).await.status, 200);
}

#[tokio::test]
async fn full_spool_ends_the_stream_early() {
    let app = App::with(Settings { stream_spool_bytes: 2 << 20, ..Settings::default() }).await;
    let (all_read, is_read) = tokio::sync::oneshot::channel();
    let pieces = (0..400).map(|_| (0..100).map(person).collect::<String>());
    let end = stream::once(async move {
        all_read.send(()).map(|()| String::new()).map_err(|()| io::Error::other("gone"))
    });
    let body = Body::from_stream(stream::iter(pieces).map(Ok).chain(end));
    let mut body_of = app.router().oneshot(streamed(ALL, body)).await.unwrap().into_body();
    // The client reads nothing before it has sent everything.
    is_read.await.unwrap();
    let mut text = Vec::new();
    while let Some(Ok(frame)) = body_of.frame().await {
        text.extend_from_slice(&frame.into_data().unwrap());
    }
    let lines = lines(std::str::from_utf8(&text).unwrap());
    assert_eq!(lines.last().unwrap()["problem"]["status"], 503);
}

/// A connection to the API.
async fn connection(app: &App) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    TcpStream::connect(address).await.unwrap()
}

fn head(query: &str) -> String {
    format!(
        "POST {PATH}{query} HTTP/1.1\r\nHost: test\r\nWEAL-TOKEN: all\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn client_that_sends_everything_first_is_served() {
    let app = App::new().await;
    let mut connection = connection(&app).await;
    connection.write_all(head(ALL).as_bytes()).await.unwrap();
    for thousand in 0..30 {
        let lines: String = (0..1_000).map(|index| person(thousand * 10 + index % 10)).collect();
        connection.write_all(chunk(&lines).as_bytes()).await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n0\r\n\r\n"));
    assert!(answer.contains("{\"summary\":{\"items\":30000,\"created\":300,"));
    assert_eq!(answer.matches("\"verdict\"").count(), 30_000);
}

#[tokio::test]
async fn request_cut_anywhere_is_never_complete() {
    let app = App::new().await;
    let whole = head(ALL) + &chunk(&person("A")) + &chunk(&(person("B") + "{}")) + "0\r\n\r\n";
    let body = whole.find("\r\n\r\n").unwrap() + 4;
    for cut in body..=whole.len() {
        let mut connection = connection(&app).await;
        connection.write_all(&whole.as_bytes()[..cut]).await.unwrap();
        if cut < whole.len() {
            connection.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let is_complete = answer.ends_with("\r\n0\r\n\r\n") || answer.contains("\"summary\"");
        assert_eq!(is_complete, cut == whole.len(), "{cut}: {answer}");
    }
    assert_eq!(app.store.records().len(), 2);
}
