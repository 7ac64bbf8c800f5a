//! Traces of requests, exported to an OpenTelemetry collector by OTLP over HTTP, in protobuf
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//!
//! No request waits for it: a span that has ended goes into a queue, which a thread empties. If the
//! collector is away, the queue fills, and further spans are dropped.

mod collector;
mod conventions;

use std::env;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;

use self::collector::Collector;
use self::conventions::HttpSpans;
use crate::failure::Failure;
use crate::logging::{BoxedLayer, is_own};
use crate::version::version;

/// How long the last spans may take to reach the collector when the server stops.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// The export of traces, which ends when it is dropped.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Exports to the collector at that address from now on, as the variables `OTEL_*` of the
    /// specification want it.
    ///
    /// # Errors
    ///
    /// If a variable asks for what is not supported.
    pub(crate) fn start(endpoint: &str) -> Result<Self, Failure> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_http_client(Collector::new(endpoint))
            .build();
        let exporter = exporter.map_err(|error| {
            Failure::because("cannot export traces", &error, "correct the variables OTEL_*")
        })?;
        let name = env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "contact-hub".to_owned());
        let resource = Resource::builder_empty()
            .with_service_name(name)
            .with_attribute(KeyValue::new("service.version", version()))
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_detector(Box::new(EnvResourceDetector::new()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(HttpSpans(exporter))
            .build();
        Ok(Self(provider))
    }

    /// What turns the spans of the program into spans to export.
    pub(crate) fn layer(&self) -> BoxedLayer {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("contact-hub"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(is_exported))
            .boxed()
    }
}

impl Drop for Traces {
    /// Exports what is left, as far as the time allows.
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_TIME) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

/// Spans of requests, and what is wrong with one. They hold no personal data, as our log does not.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::INFO } else { Level::WARN };
    *metadata.level() <= level && is_own(metadata)
}

/// Makes a request a part of the caller's trace, which `traceparent` names (W3C Trace Context).
pub(crate) async fn continued(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let parent = match headers.get_all("traceparent").iter().count() {
        1 => TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &HeaderExtractor(headers)),
        // The standard wants several to be ignored.
        _ => Context::new(),
    };
    next.run(request).with_context(parent).await
}
