//! Traces that a collector receives.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;
use tokio::runtime::Runtime;

use super::logging::{ITEM, MARKER};
use super::program::{BATCH, Server, people, program};
use super::tls::{FILES, renew};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector on a free port.
struct Collector {
    endpoint: String,
    received: Receiver<ExportTraceServiceRequest>,
    _runtime: Runtime,
}

impl Collector {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (sender, received) = channel();
        let take = move |body: Bytes| {
            sender.send(ExportTraceServiceRequest::decode(body).unwrap()).unwrap();
            async {}
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/v1/traces", post(take));
        runtime.spawn(async { axum::serve(listener, app).await });
        Self { endpoint, received, _runtime: runtime }
    }

    /// Everything that a server has sent, which has ended.
    fn received(&self) -> Vec<ResourceSpans> {
        self.received.try_iter().flat_map(|request| request.resource_spans).collect()
    }
}

fn spans(received: &[ResourceSpans]) -> Vec<&Span> {
    let scopes = received.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

/// The attribute of that name, as text.
fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

fn hexadecimal(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn span_continues_the_trace_of_the_caller() {
    let (folder, collector) = (tempfile::tempdir().unwrap(), Collector::start());
    let flag = ["--otlp-endpoint", &collector.endpoint];
    let server = Server::start_with(folder.path(), &flag, &[]);
    let token = server.first_token().unwrap();
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let parent = ("traceparent", traceparent.as_str());
    let body = people([1]);
    let sent = [("weal-token", token.as_str()), ("x-request-id", "nightly:1"), parent];
    assert_eq!(server.post(BATCH, &sent, &body).status, 200);
    // Several are none.
    server.post("/v1/contacts", &[parent, parent], "");
    server.stop();

    let received = collector.received();
    let of = &received[0].resource.as_ref().unwrap().attributes;
    assert_eq!(attribute(of, "service.name").unwrap(), "contact-hub");
    assert!(attribute(of, "service.version").unwrap().starts_with("0.1.0 ("), "{of:?}");
    let spans = spans(&received);
    let [batch, refused] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(batch.name, "POST /api-v1/contact/batch");
    assert_eq!(batch.kind(), SpanKind::Server);
    assert_eq!(hexadecimal(&batch.trace_id), TRACE);
    assert_eq!(hexadecimal(&batch.parent_span_id), PARENT);
    let length = body.len().to_string();
    for (name, value) in [
        ("contact_hub.request_id", "nightly:1"),
        ("contact_hub.organization", "1"),
        ("contact_hub.items", "1"),
        ("contact_hub.verdicts", "created=1"),
        ("client.address", "127.0.0.1"),
        ("http.request.method", "POST"),
        ("http.route", BATCH),
        ("http.response.status_code", "200"),
        ("http.request.body.size", &length),
    ] {
        let found = attribute(&batch.attributes, name);
        assert_eq!(found.as_deref(), Some(value), "{name}: {:?}", batch.attributes);
    }
    assert_eq!(refused.name, "POST /v1/contacts");
    assert_eq!(attribute(&refused.attributes, "http.response.status_code").unwrap(), "401");
    assert_ne!(hexadecimal(&refused.trace_id), TRACE);
    assert!(refused.parent_span_id.is_empty());
}

#[test]
fn no_span_holds_data_of_requests() {
    let (folder, collector) = (tempfile::tempdir().unwrap(), Collector::start());
    let flag = ["--otlp-endpoint", &collector.endpoint, "--log", "trace"];
    let server = Server::start_with(folder.path(), &flag, &[]);
    let token = server.first_token().unwrap();
    for body in [ITEM, r#"[{"lastName": "Zwetschgenmus"#] {
        assert!(server.batch(&token, body).status < 500);
    }
    server.post("/v1/contacts/batch", &[("weal-token", &token)], ITEM);
    server.get(&format!("/api-v1/contact/PERSON/{MARKER}?of={MARKER}"), &token);
    server.get(&format!("/v1/contacts?q={MARKER}"), &token);
    fs::remove_file(folder.path().join("contact-hub.db")).unwrap();
    server.batch(&token, ITEM);
    server.stop();

    let received = collector.received();
    assert!(spans(&received).len() >= 6, "{received:?}");
    let shown = format!("{received:?}");
    for secret in [MARKER, &MARKER.to_lowercase(), "791112233", &token] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

/// Serves a few requests with that collector, and returns the log.
fn log_of(endpoint: &str, variables: &[(&str, &Path)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = program(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--otlp-endpoint", endpoint]);
    // Each span is exported by itself.
    command.env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1").envs(variables.iter().copied());
    let server = Server::spawn(command.stderr(File::create(&log).unwrap()));
    let token = server.first_token().unwrap();
    for id in 1..4 {
        assert_eq!(server.batch(&token, &people([id])).status, 200);
    }
    server.stop();
    fs::read_to_string(log).unwrap()
}

#[test]
fn collector_that_is_away_is_logged_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = log_of(&format!("http://{free}"), &[]);
    assert_eq!(log.matches("traces are dropped").count(), 1, "{log}");
}

#[test]
fn silent_collector_does_not_keep_the_server() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let log = log_of(&format!("http://{}", silent.local_addr().unwrap()), &[]);
    assert!(log.contains("the last traces are lost"), "{log}");
}

#[test]
fn collector_has_a_certificate_that_the_system_trusts() {
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path(), 2100);
    // It takes no traces, but it speaks TLS.
    let other = Server::start_with(folder.path(), &FILES, &[]);
    let endpoint = format!("https://localhost:{}", other.address.port());
    for (trusted, cause) in [("certificate.pem", "404 Not Found"), ("none.pem", "certificate")] {
        let log = log_of(&endpoint, &[("SSL_CERT_FILE", &folder.path().join(trusted))]);
        let warning = log.lines().find(|line| line.contains("traces are dropped"));
        assert!(warning.is_some_and(|line| line.contains(cause)), "{log}");
    }
}
