//! A client that sends its whole body before it reads gets the refusal, over a real connection.

use std::time::Duration;

use contacts_adapters_http::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::app::{App, BATCH};

const LINK: &str = "/api/v1/contacts/items/link";

/// What a client sends at a time.
static PIECE: [u8; 64 << 10] = [b' '; 64 << 10];

async fn connection(settings: Settings) -> TcpStream {
    let app = App::with(settings).await.router();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    TcpStream::connect(address).await.unwrap()
}

fn head(token: &str, framing: &str) -> String {
    format!(
        "POST /api-v1/contact/batch HTTP/1.1\r\nHost: test\r\nWEAL-TOKEN: {token}\r\n\
         Connection: close\r\n{framing}\r\n\r\n"
    )
}

async fn answer(mut connection: TcpStream) -> String {
    let mut answer = String::new();
    timeout(Duration::from_secs(30), connection.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer
}

#[tokio::test]
async fn client_sending_33_mib_reads_its_refusal() {
    for (token, status) in [("all", "413 "), ("unknown", "401 ")] {
        let mut connection = connection(Settings::default()).await;
        let head = head(token, &format!("Content-Length: {}", 33 << 20));
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..(33 << 20) / PIECE.len() {
            connection.write_all(&PIECE).await.unwrap();
        }
        let answer = answer(connection).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[tokio::test]
async fn client_sending_33_mib_chunked_reads_its_refusal() {
    let mut connection = connection(Settings::default()).await;
    connection.write_all(head("all", "Transfer-Encoding: chunked").as_bytes()).await.unwrap();
    for _ in 0..(33 << 20) / PIECE.len() {
        connection.write_all(format!("{:x}\r\n", PIECE.len()).as_bytes()).await.unwrap();
        connection.write_all(&PIECE).await.unwrap();
        connection.write_all(b"\r\n").await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let answer = answer(connection).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("at most 33554432 bytes"), "{answer}");
}

#[tokio::test]
async fn chunks_win_over_a_content_length() {
    for framing in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
    ] {
        let mut connection = connection(Settings::default()).await;
        // RFC 9112 §6.3: the connection is closed, though nobody asked for it.
        let head = head("all", framing).replace("Connection: close\r\n", "");
        // As two bytes, the rest would be another request.
        let body = "2\r\n[]\r\n0\r\n\r\n";
        connection.write_all((head + body).as_bytes()).await.unwrap();
        let answer = answer(connection).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn wrong_content_length_is_400() {
    for framing in ["Content-Length: 2\r\nContent-Length: 3", "Content-Length: two"] {
        let mut connection = connection(Settings::default()).await;
        connection.write_all((head("all", framing) + "[]").as_bytes()).await.unwrap();
        let answer = answer(connection).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let mut connection = connection(Settings::default()).await;
    connection.write_all((head("all", "Content-Length: 3") + "[]").as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let answer = answer(connection).await;
    assert!(answer.is_empty() || answer.contains("body-incomplete"), "{answer}");
}

#[tokio::test]
async fn client_expecting_100_continue_is_refused_at_once() {
    let mut connection = connection(Settings::default()).await;
    let framing = format!("Content-Length: {}\r\nExpect: 100-continue", 33 << 20);
    connection.write_all(head("all", &framing).as_bytes()).await.unwrap();
    let answer = answer(connection).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn unknown_expectation_is_ignored() {
    let mut connection = connection(Settings::default()).await;
    let framing = format!("Content-Length: {}\r\nExpect: something", 33 << 20);
    connection.write_all(head("all", &framing).as_bytes()).await.unwrap();
    for _ in 0..(33 << 20) / PIECE.len() {
        connection.write_all(&PIECE).await.unwrap();
    }
    let answer = answer(connection).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn client_that_stops_sending_is_answered_408() {
    let short_pause = Settings {
        max_body_pause: Duration::from_millis(50),
        // The drain must not wait for this client again.
        max_discard_time: Duration::from_secs(3_600),
        ..Settings::default()
    };
    let mut connection = connection(short_pause).await;
    connection.write_all(head("all", "Content-Length: 100").as_bytes()).await.unwrap();
    connection.write_all(b"[").await.unwrap();
    let answer = answer(connection).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn device_reads_413_and_408_in_the_envelope() {
    let short_pause = Settings { max_body_pause: Duration::from_millis(50), ..Settings::default() };
    let to_device = |framing: &str| head("all", framing).replace(BATCH, LINK);
    for (settings, framing, pieces, status, message) in [
        (
            Settings::default(),
            format!("Content-Length: {}", 33 << 20),
            (33 << 20) / PIECE.len(),
            "413",
            "the body may have at most 33554432 bytes",
        ),
        (short_pause, "Content-Length: 100".to_owned(), 0, "408", "nothing arrived for 0 seconds"),
    ] {
        let mut connection = connection(settings).await;
        connection.write_all(to_device(&framing).as_bytes()).await.unwrap();
        for _ in 0..pieces {
            connection.write_all(&PIECE).await.unwrap();
        }
        let answer = answer(connection).await;
        let body = format!(r#"{{"error":{{"code":"not_valid","message":"{message}"}}}}"#);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
    }
}
