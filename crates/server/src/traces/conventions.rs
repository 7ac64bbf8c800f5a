//! The names that spans of HTTP servers have by convention
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server>).

use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// The fields of a request's span that are exported, and their names in a trace. The others are part of
/// every span: the trace and the duration.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("id", "contact_hub.request_id"),
    ("client", "client.address"),
    ("method", METHOD),
    ("route", ROUTE),
    ("status", STATUS),
    ("bytes", "http.request.body.size"),
    ("organization", "contact_hub.organization"),
    ("token", "contact_hub.token"),
    ("items", "contact_hub.items"),
    ("verdicts", "contact_hub.verdicts"),
];

const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const STATUS: &str = "http.response.status_code";

/// Exports the spans of requests as those of an HTTP server.
#[derive(Debug)]
pub(super) struct HttpSpans<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for HttpSpans<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        batch.iter_mut().for_each(make_conventional);
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn make_conventional(span: &mut SpanData) {
    let exported = span.attributes.iter().filter_map(|KeyValue { key, value, .. }| {
        let (_, name) = ATTRIBUTES.iter().find(|(field, _)| *field == key.as_str())?;
        Some(KeyValue::new(*name, value.clone()))
    });
    span.attributes = exported.collect();
    span.span_kind = SpanKind::Server;
    let attribute = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.clone())
    };
    if let (Some(method), Some(route)) = (attribute(METHOD), attribute(ROUTE)) {
        span.name = format!("{} {}", method.as_str(), route.as_str()).into();
    }
    if let Some(Value::I64(500..)) = attribute(STATUS) {
        span.status = Status::error("");
    }
}
