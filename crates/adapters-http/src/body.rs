//! The body of a request: read within bounds, or thrown away so that a refusal can be read.
//!
//! A client that sends its whole body before it listens never sees the answer of a server that
//! hangs up in between: its own system meets a reset connection and drops what has arrived. So the
//! rest of a body that nobody reads is taken in and thrown away before a refusal is answered, up to
//! the bounds in [`Settings`]. A client that waits for `100 Continue` (RFC 9110 §10.1.1) has sent
//! nothing yet and is answered at once.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::Version;
use axum::http::header::EXPECT;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::problem::{Kind, Problem};
use crate::settings::Settings;
use crate::state::AppState;

/// The body of a request on its way in, shared by the handler that may read it and the middleware
/// that takes in what the handler leaves.
#[derive(Clone)]
pub(crate) struct Upload(Arc<Mutex<Incoming>>);

struct Incoming {
    body: Body,
    /// Whether the client sends only after it has been told to, which asking for the body does.
    is_held_back: bool,
    /// Whether nothing more of it is waited for.
    is_over: bool,
}

/// Runs the request and, whatever became of it, hears the client out.
pub(crate) async fn drain(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let upload = Upload::of(&mut request);
    request.extensions_mut().insert(upload.clone());
    let response = next.run(request).await;
    upload.discard_rest(&state.settings).await;
    response
}

impl Upload {
    fn of(request: &mut Request) -> Self {
        // Only this expectation of only this version keeps a client from sending.
        let is_held_back = request.version() == Version::HTTP_11
            && request
                .headers()
                .get(EXPECT)
                .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let body = std::mem::take(request.body_mut());
        let is_over = body.is_end_stream();
        Self(Arc::new(Mutex::new(Incoming { body, is_held_back, is_over })))
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// When it is larger than allowed, whether it says so in advance or turns out to be; when it
    /// breaks off; when the client pauses for too long.
    pub(crate) async fn read(&self, settings: &Settings) -> Result<Vec<u8>, Problem> {
        let limit = settings.max_body_bytes;
        let too_large = || {
            let detail = format!("the body may have at most {limit} bytes");
            Problem::new(Kind::BodyTooLarge, detail)
        };
        let mut incoming = self.0.lock().await;
        let announced = usize::try_from(incoming.body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > limit {
            return Err(too_large());
        }
        incoming.is_held_back = false;
        let mut bytes = Vec::with_capacity(announced);
        loop {
            let Ok(frame) = timeout(settings.max_body_pause, incoming.body.frame()).await else {
                // Whoever was waited for in vain is not waited for again.
                incoming.is_over = true;
                return Err(timed_out(settings));
            };
            let Some(frame) = frame else { break };
            let Ok(frame) = frame else {
                incoming.is_over = true;
                let detail = "the connection broke off before the end of the body";
                return Err(Problem::new(Kind::BodyIncomplete, detail));
            };
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > limit {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&data);
            }
        }
        incoming.is_over = true;
        Ok(bytes)
    }

    /// Takes in what is left of the body and throws it away.
    async fn discard_rest(&self, settings: &Settings) {
        let mut incoming = self.0.lock().await;
        if incoming.is_over || incoming.is_held_back {
            return;
        }
        let discard = async {
            let mut left = settings.max_discarded_bytes;
            while let Ok(Some(Ok(frame))) =
                timeout(settings.max_body_pause, incoming.body.frame()).await
            {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // A client that is slower than that, or sends more, gets its answer into the reset.
        let _ = timeout(settings.max_discard_time, discard).await;
    }
}

fn timed_out(settings: &Settings) -> Problem {
    let pause = settings.max_body_pause.as_secs();
    Problem::new(Kind::BodyTimeout, format!("nothing arrived for {pause} seconds"))
}

impl FromRequestParts<AppState> for Upload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _hub: &AppState) -> Result<Self, Problem> {
        let upload = parts.extensions.get::<Self>().cloned();
        upload.ok_or_else(|| Problem::internal("a body is read without hear_out around the route"))
    }
}
