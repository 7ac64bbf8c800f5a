//! The pages for browsers, and pages of other origins.

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::Settings;
use sha2::{Digest, Sha256};

use crate::app::{App, BATCH, request};

const VENDORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/swagger-ui");

#[tokio::test]
async fn index_shows_version_state_and_links() {
    let app = App::new().await;
    let answer = app.send(request(Method::GET, "/", &[], Body::empty())).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    for part in ["<dd>0.1.0</dd>", "<dd>ready</dd>", r#"href="docs""#, r#"href="openapi.json""#] {
        assert!(answer.text().contains(part), "{part}: {}", answer.text());
    }
    let page = answer.text();
    let apis = page.split("<code>").skip(1).map(|text| &text[..text.find('<').unwrap()]);
    let apis: Vec<_> = apis.collect();
    assert_eq!(apis, ["/v1", "/api-v1/contact", "/api/v0", "/api/v1"]);
    let description = app.get("/openapi.json").await.json();
    let paths = description["paths"].as_object().unwrap().keys();
    let is_of = |path: &str, api: &str| path.starts_with(&format!("{api}/"));
    let others = paths.filter(|path| !apis.iter().any(|api| is_of(path, api)));
    let deep: Vec<_> = others.filter(|path| path[1..].contains('/')).collect();
    assert_eq!(deep, ["/docs/{file}"]);
}

#[tokio::test]
async fn pages_need_nothing_of_other_origins() {
    let app = App::new().await;
    for path in ["/", "/docs"] {
        let answer = app.send(request(Method::GET, path, &[], Body::empty())).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; connect-src 'self';"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
        let page = answer.text();
        let named = page.split(['"', '\'']).filter(|text| text.contains("://"));
        assert_eq!(named.count(), 0, "{page}");
        for file in page.split('"').filter(|text| text.ends_with(".js") || text.ends_with(".css")) {
            let answer = app.send(request(Method::GET, &format!("/{file}"), &[], Body::empty()));
            let answer = answer.await;
            assert_eq!(answer.status, 200, "{file}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[tokio::test]
async fn vendored_files_are_unchanged() {
    let app = App::new().await;
    let sums = std::fs::read_to_string(format!("{VENDORED}/SHA256SUMS")).unwrap();
    let mut served = 0;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let hex = |bytes: &[u8]| {
            let digest = Sha256::digest(bytes);
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(hex(&std::fs::read(format!("{VENDORED}/{name}")).unwrap()), sum, "{name}");
        let path = format!("/docs/{name}");
        let answer = app.send(request(Method::GET, &path, &[], Body::empty())).await;
        if answer.status == 200 {
            assert_eq!(hex(&answer.body), sum, "{name}");
            served += 1;
        }
    }
    assert_eq!((sums.lines().count(), served), (5, 2));
}

async fn preflight(app: &App, origin: &str) -> Option<String> {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = app.send(request(Method::OPTIONS, BATCH, &headers, Body::empty())).await;
    answer.header("access-control-allow-origin").map(|allowed| {
        assert_eq!(answer.status, 200);
        let sent = answer.header("access-control-allow-headers");
        assert_eq!(sent, Some("authorization,content-type"));
        allowed.to_owned()
    })
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_by_default() {
    let app = App::new().await;
    assert_eq!(preflight(&app, "https://crm.example").await, None);
}

#[tokio::test]
async fn allowed_origins_may_call_and_read() {
    let origin = "https://crm.example";
    let with = |allowed: &'static str| Settings {
        cors_origins: vec![allowed.parse().unwrap()],
        ..Settings::default()
    };
    let app = App::with(with(origin)).await;
    assert_eq!(preflight(&app, origin).await.as_deref(), Some(origin));
    assert_eq!(preflight(&app, "https://crm.example.evil").await, None);
    let headers = [("origin", origin), ("weal-token", "all")];
    let answer = app.send(request(Method::POST, BATCH, &headers, "[]")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)));
    let refused = app.send(request(Method::POST, BATCH, &headers[..1], "[]")).await;
    let read = refused.header("access-control-allow-origin");
    assert_eq!((refused.status, read), (401, Some(origin)), "a page can read a refusal");
    let everybody = App::with(with("*")).await;
    assert_eq!(preflight(&everybody, "https://any.example").await.as_deref(), Some("*"));
}
