//! Compressed bodies.

use std::io::Write as _;

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::Settings;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::app::{Answer, App, BATCH, request};

const ITEM: &[u8] = br#"[{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]"#;

fn gzip(body: &[u8]) -> Vec<u8> {
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
