//! The id, the span and the log line of a request.
//!
//! The log shows the id, the address of the client, the caller's trace, method, route, status and
//! duration of a request, its organization, the name of its token, the bytes of its body, and how many
//! items have which verdict; never bodies or data of contacts. The route is the pattern (`/api-v1/contact/{type}/{id}`), not the path.

pub(crate) mod items;
pub(crate) mod metrics;
pub(crate) mod steps;
mod trace_context;

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use contacts_application::use_cases::Caller;
use tracing::field::{Empty, display};
use tracing::{Instrument, Span};
use uuid::Uuid;

use self::metrics::{Answered, Metrics};
use self::steps::measured;
use crate::operation::probes::PROBES;
use crate::operation::readiness_check::Readiness;
use crate::problem::format::ProblemFormat;
use crate::problem::{self, Problem};

/// The header for the id, in requests and answers.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a caller.
const MAX_REQUEST_ID: usize = 128;

/// What telemetry needs of a router.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) format: ProblemFormat,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readiness: Arc<Readiness>,
}

/// The address that a request comes from, an extension of it. Whoever accepts connections adds it for
/// the log.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// The id of a request, for what is answered after its head.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

/// Gives the request an id and a span, logs its outcome, adds the id to the answer, and writes the
/// problem that the answer carries, if any, in the format of the API.
pub(crate) async fn observe(
    State(Observer { format, metrics, readiness }): State<Observer>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.as_str().into()));
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unknown", MatchedPath::as_str);
    let client = request.extensions().get().map(|ClientAddress(address)| display(*address));
    let is_probe = PROBES.contains(&route);
    let span = tracing::info_span!(
        "request",
        id = %id,
        client,
        trace = trace_context::trace_id(request.headers()),
        method = %problem::short_method(request.method()),
        route,
        organization = Empty,
        token = Empty,
        bytes = Empty,
        items = Empty,
        verdicts = Empty,
        status = Empty,
        milliseconds = Empty,
    );
    async move {
        let started = Instant::now();
        let (mut response, work) = measured(next.run(request)).await;
        let time = started.elapsed();
        let status = response.status().as_u16();
        metrics.count(&Answered { route, method: &method, status, time, work: &work });
        if let Some(problem) = problem_of(&mut response) {
            problem.log();
            readiness.note(&problem);
            format.write(&problem, &id, &mut response);
        }
        if let Some(items) = work.items.filter(|items| items.len() > 0) {
            Span::current().record("items", items.len()).record("verdicts", items.text());
        }
        Span::current()
            .record("status", status)
            .record("milliseconds", (time.as_secs_f64() * 1e6).round() / 1e3);
        if is_probe {
            tracing::debug!("answered");
        } else {
            tracing::info!("answered");
        }
        name(&mut response, &id);
        response
    }
    .instrument(span)
    .await
}

/// Adds the caller to the log line of the current request.
pub(crate) fn note_caller(caller: &Caller) {
    Span::current()
        .record("organization", caller.organization.id.get())
        .record("token", &caller.token_name);
}

/// Adds the size of the body to the log line of the current request.
pub(crate) fn note_bytes(bytes: usize) {
    Span::current().record("bytes", bytes);
}

/// The answer to a request whose telemetry panicked. Logging the problem could panic again.
pub(crate) fn panicked(format: ProblemFormat, payload: Box<dyn Any + Send>) -> Response {
    let id = new_id();
    let mut response = problem::panicked(payload);
    if let Some(problem) = problem_of(&mut response) {
        format.write(&problem, &id, &mut response);
    }
    name(&mut response, &id);
    response
}

fn problem_of(response: &mut Response) -> Option<Arc<Problem>> {
    response.extensions_mut().remove()
}

/// Adds the id to the answer.
fn name(response: &mut Response, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
}

/// The caller's own id if it is harmless in a log, else a new one (a UUID of version 7, RFC 9562).
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(X_REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| is_harmless(id))
        .map_or_else(new_id, str::to_owned)
}

fn new_id() -> String {
    Uuid::now_v7().to_string()
}

fn is_harmless(id: &str) -> bool {
    (1..=MAX_REQUEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_id_of_the_caller_is_kept() {
        for (sent, is_kept) in [
            ("01930f4e-5d5a-7c5e-8a43-3f5c8f5f5a10", true),
            ("nightly.run:17/a+b=c_d", true),
            ("", false),
            ("two words", false),
            ("{\"forged\":1}", false),
            (&"x".repeat(MAX_REQUEST_ID), true),
            (&"x".repeat(MAX_REQUEST_ID + 1), false),
        ] {
            let headers = HeaderMap::from_iter([(X_REQUEST_ID, sent.parse().unwrap())]);
            assert_eq!(request_id(&headers) == sent, is_kept, "{sent}");
        }
    }

    #[test]
    fn generated_id_is_a_uuid_of_version_7() {
        let id: Uuid = request_id(&HeaderMap::new()).parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
    }
}
