//! Compressed bodies.

use std::io::{Read as _, Write as _};

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::Settings;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::app::{Answer, App, BATCH, request};

fn gunzip(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(body).read_to_end(&mut bytes).unwrap();
    bytes
}

const ITEM: &[u8] = br#"[{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]"#;

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

async fn send(app: &App, body: Vec<u8>) -> Answer {
    let headers = [("weal-token", "all"), ("content-encoding", "gzip")];
    app.send(request(Method::POST, BATCH, &headers, Body::from(body))).await
}

#[tokio::test]
async fn compressed_batch_is_stored() {
    let app = App::new().await;
    let answer = send(&app, gzip(ITEM)).await;
    assert_eq!((answer.status, app.store.records().len()), (200, 1));
    let members = [gzip(&ITEM[..20]), gzip(&ITEM[20..])].concat();
    let answer = send(&app, members).await;
    assert_eq!(answer.json()["items"][0]["freshRow"]["verdict"], "unchanged");
}

#[tokio::test]
async fn body_that_expands_a_thousandfold_is_413() {
    let app = App::with(Settings { max_body_bytes: 1 << 20, ..Settings::default() }).await;
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 17);
    let answer = send(&app, bomb).await;
    assert_eq!(answer.problem(), (413, "VALIDATION_ERROR".into()));
    assert_eq!(answer.detail(), "the body may have at most 1048576 bytes, decompressed");
}

#[tokio::test]
async fn damaged_compression_is_400_and_stores_nothing() {
    let app = App::new().await;
    let whole = gzip(ITEM);
    let mut other_sum = whole.clone();
    let sum = other_sum.len() - 8;
    other_sum[sum] ^= 1;
    let followed = [&whole[..], b"more"].concat();
    for body in [ITEM.to_vec(), whole[..whole.len() - 1].to_vec(), other_sum, followed] {
        let answer = send(&app, body).await;
        assert_eq!(answer.problem(), (400, "CONVERSION_ERROR".into()));
        assert_eq!(answer.json()["type"], "urn:contact-hub:problem:body-not-gzip");
    }
    assert!(app.store.records().is_empty());
}

#[tokio::test]
async fn answer_is_compressed_where_asked_for() {
    let app = App::new().await;
    let items = [&b"["[..], &b"{\"contactType\": \"PERSON\"},".repeat(20), b"{}]"].concat();
    let ask = |accept_encoding| {
        let headers = [("weal-token", "all"), ("accept-encoding", accept_encoding)];
        request(Method::POST, BATCH, &headers, items.clone())
    };
    let plain = app.send(ask("identity")).await;
    let compressed = app.send(ask("br, gzip")).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert_eq!(compressed.header("content-length"), None);
    assert_eq!(compressed.header("vary"), Some("accept-encoding"));
    assert!(compressed.body.len() < plain.body.len() / 5);
    let decoded: Value = serde_json::from_slice(&gunzip(&compressed.body)).unwrap();
    assert_eq!(decoded["items"].as_array().unwrap().len(), 21);
    let small = request(Method::GET, "/healthz", &[("accept-encoding", "gzip")], Body::empty());
    assert_eq!(app.send(small).await.header("content-encoding"), None);
}
