//! Answers that are written, read and left unread.

use axum::body::HttpBody as _;
use contacts_application::access::TokenDigest;
use http_body_util::BodyExt as _;

use super::*;
use crate::limits::Limits;
use crate::settings::Settings;

fn spool(bytes: u64) -> (Spool, Body) {
    let settings = Settings { stream_spool_bytes: bytes, ..Settings::default() };
    let limits = Arc::new(Limits::new(&settings));
    Spool::new(Room {
        limits,
        token: TokenDigest([1; 32]),
        hold: crate::limits::hold::Hold::default(),
    })
}

#[tokio::test]
async fn answer_comes_out_as_it_went_in() {
    let (mut spool, mut body) = spool(1 << 30);
    let mut sent = Vec::new();
    for round in 0_u8..200 {
        let bytes = vec![round; 1 + usize::from(round) * 997];
        sent.extend_from_slice(&bytes);
        spool.write(bytes).await.unwrap();
    }
    let mut read = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    spool.write(b"last".to_vec()).await.unwrap();
    sent.extend_from_slice(b"last");
    spool.end(true);
    read.extend_from_slice(&body.collect().await.unwrap().to_bytes());
    assert!(read == sent);
}

#[tokio::test]
async fn full_spool_takes_nothing_until_it_is_read() {
    // One token has half.
    let (mut spool, mut body) = spool(8 << 20);
    let block = || vec![7; 1 << 20];
    for _ in 0..5 {
        spool.write(block()).await.unwrap();
    }
    assert!(matches!(spool.write(block()).await, Err(NotWritten::Failed(_))));
    let mut read = 0;
    while read < 3 << 20 {
        read += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
    spool.write(block()).await.unwrap();
    spool.end(false);
    let is_complete = loop {
        match body.frame().await {
            Some(Ok(frame)) => drop(frame),
            end => break end.is_none(),
        }
    };
    assert!(!is_complete);
}

#[tokio::test]
async fn room_of_what_was_read_is_given_back() {
    let (mut spool, mut body) = spool(4 << 20);
    spool.write(vec![7; 1 << 20]).await.unwrap();
    spool.write(vec![7; 2 * PIECE]).await.unwrap();
    for _ in 0..100 {
        spool.write(vec![7; PIECE]).await.unwrap();
        body.frame().await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn broken_stream_ends_when_all_of_it_is_sent() {
    let (mut spool, mut body) = spool(1 << 30);
    spool.write(b"results".to_vec()).await.unwrap();
    spool.last(b"problem".to_vec());
    spool.end(false);
    let frames = [body.frame().await, body.frame().await];
    let mut end = Box::pin(body.frame());
    let waker = std::task::Waker::noop();
    let is_waiting = end.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending();
    assert!(is_waiting, "the system has not taken the problem");
    drop(frames);
    assert!(end.await.unwrap().is_err());
}

#[tokio::test]
async fn nothing_is_written_for_a_client_that_has_gone() {
    let (mut spool, body) = spool(1 << 30);
    assert!(!body.is_end_stream());
    drop(body);
    assert!(matches!(spool.write(b"x".to_vec()).await, Err(NotWritten::Unread)));
}

#[tokio::test]
async fn forgotten_stream_is_broken() {
    let (spool, body) = spool(1 << 30);
    drop(spool);
    assert!(body.collect().await.is_err());
}
