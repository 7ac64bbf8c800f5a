//! The body of a request: read within limits, and drained before a refusal is answered.
//!
//! A client that sends its whole body before it reads never sees the answer of a server that closes
//! the connection in between: the client's system sees a reset connection and drops what it has
//! received. So the server reads and discards what the handler leaves of a body before it answers,
//! within the limits of the [`Settings`]. A client that waits for `100 Continue` (RFC 9110 §10.1.1)
//! has sent nothing yet and is answered at once.

mod inflating;
mod pace;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::Version;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::sync::Mutex;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout, timeout_at};

use self::inflating::Inflating;
pub(super) use self::inflating::broken;
use self::pace::Pace;
use super::content_coding::ContentCoding;
use crate::limits::hold::Hold;
use crate::limits::{Room, SMALL_BODY};
use crate::problem::{Kind, Problem};
use crate::settings::Settings;

/// How long the body of a request without a valid token, or without a place, is discarded.
const MAX_TIME_WITHOUT_TOKEN: Duration = Duration::from_secs(5);

/// The body of a request, shared by the handler, which may read it, and the middleware that drains
/// the rest.
#[derive(Clone)]
pub(crate) struct Upload(Arc<Mutex<Incoming>>);

struct Incoming {
    body: Body,
    /// Whether the client waits for `100 Continue`, which reading the body sends.
    is_held_back: bool,
    /// Whether the body has ended or failed.
    is_over: bool,
}

/// Runs the request and drains the rest of its body before it returns the answer.
pub(crate) async fn drain(
    State(settings): State<Arc<Settings>>,
    mut request: Request,
    next: Next,
) -> Response {
    let upload = Upload::of(&mut request);
    let hold = request.extensions().get::<Hold>().cloned();
    request.extensions_mut().insert(upload.clone());
    let response = next.run(request).await;
    let has_token = hold.is_some_and(|hold| hold.has_place());
    let limit = if has_token { Duration::MAX } else { MAX_TIME_WITHOUT_TOKEN };
    upload.discard_rest(&settings, limit.min(settings.max_discard_time)).await;
    response
}

impl Upload {
    fn of(request: &mut Request) -> Self {
        // No other expectation, and no other version, keeps a client from sending.
        let is_held_back = request.version() == Version::HTTP_11
            && request
                .headers()
                .get(EXPECT)
                .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let body = std::mem::take(request.body_mut());
        let is_over = body.is_end_stream();
        Self(Arc::new(Mutex::new(Incoming { body, is_held_back, is_over })))
    }

    /// Whether a body is still to come.
    pub(crate) async fn is_arriving(&self) -> bool {
        !self.0.lock().await.is_over
    }

    /// The whole body, of at most `limit` bytes. Refuses one that is too large, by its announced
    /// length or on the way; that finds no room; that breaks off; or whose client is too slow.
    pub(crate) async fn read(
        &self,
        settings: &Settings,
        limit: usize,
        room: &Room,
    ) -> Result<Vec<u8>, Problem> {
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
        let mut bytes = Vec::with_capacity(announced.min(SMALL_BODY));
        let mut granted = SMALL_BODY;
        let mut pace = Pace::start(settings);
        loop {
            let frame = timeout_at(pace.deadline(bytes.len()), incoming.body.frame()).await;
            let Ok(frame) = frame else {
                // The drain must not wait for this client again.
                incoming.is_over = true;
                return Err(Problem::new(Kind::BodyTimeout, pace.refusal()));
            };
            let Some(frame) = frame else { break };
            let Ok(frame) = frame else {
                incoming.is_over = true;
                return Err(broken_off());
            };
            pace.received();
            if let Ok(data) = frame.into_data() {
                let length = bytes.len() + data.len();
                if length > limit {
                    return Err(too_large());
                }
                if length > granted {
                    let more = (length - granted).next_multiple_of(SMALL_BODY);
                    room.grow(more)?;
                    granted += more;
                }
                bytes.extend_from_slice(&data);
            }
        }
        incoming.is_over = true;
        Ok(bytes)
    }

    /// The body, for one who reads it while the answer is sent, and discards the rest of it.
    pub(crate) async fn take(&self, coding: ContentCoding) -> Stream {
        let mut incoming = self.0.lock().await;
        incoming.is_over = true;
        let inflating = match coding {
            ContentCoding::Identity => None,
            ContentCoding::Gzip => Some(Box::new(Inflating::new())),
        };
        Stream { body: std::mem::take(&mut incoming.body), is_over: false, inflating }
    }

    /// Reads what is left of the body and discards it.
    async fn discard_rest(&self, settings: &Settings, time: Duration) {
        let mut incoming = self.0.lock().await;
        if incoming.is_over || incoming.is_held_back {
            return;
        }
        discard(&mut incoming.body, settings, time).await;
    }
}

/// A body that is read part by part.
pub(crate) struct Stream {
    body: Body,
    /// Whether it has ended, or its client has.
    is_over: bool,
    inflating: Option<Box<Inflating>>,
}

impl Stream {
    /// The next part of the body, which has to arrive by then; `None` at its end. What has arrived
    /// is kept if nobody waits for it any more.
    pub(crate) async fn next(
        &mut self,
        settings: &Settings,
        deadline: Instant,
    ) -> Result<Option<Bytes>, Problem> {
        loop {
            if let Some(inflating) =
                self.inflating.as_mut().filter(|inflating| !inflating.is_done())
            {
                consume_budget().await;
                let piece = inflating.piece()?;
                if piece.is_empty() {
                    continue;
                }
                return Ok(Some(piece));
            }
            if self.is_over {
                return Ok(None);
            }
            let arrived = self.arriving(settings, deadline).await;
            self.is_over = !matches!(arrived, Ok(Some(_)));
            match (arrived?, &mut self.inflating) {
                (Some(bytes), Some(inflating)) => inflating.take(bytes),
                (None, Some(inflating)) => {
                    return Ok(Some(inflating.end()?).filter(|last| !last.is_empty()));
                }
                (bytes, None) => return Ok(bytes),
            }
        }
    }

    async fn arriving(
        &mut self,
        settings: &Settings,
        deadline: Instant,
    ) -> Result<Option<Bytes>, Problem> {
        loop {
            let Ok(frame) = timeout_at(deadline, self.body.frame()).await else {
                let seconds = settings.max_body_pause.as_secs();
                let detail = format!("nothing arrived for {seconds} seconds");
                return Err(Problem::new(Kind::BodyTimeout, detail));
            };
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(_)) => return Err(broken_off()),
            }
        }
    }

    /// Reads what is left of the body and discards it, so that the client sees why.
    pub(crate) async fn discard_rest(mut self, settings: &Settings) {
        if !self.is_over {
            discard(&mut self.body, settings, settings.max_discard_time).await;
        }
    }
}

fn broken_off() -> Problem {
    let detail = "the connection broke off before the end of the body";
    Problem::new(Kind::BodyIncomplete, detail)
}

/// Reads a body and discards it, within the limits of the settings and that time. A client that is
/// slower or sends more sees a reset connection.
async fn discard(body: &mut Body, settings: &Settings, time: Duration) {
    let discard = async {
        let mut left = settings.max_discarded_bytes;
        while let Ok(Some(Ok(frame))) = timeout(settings.max_body_pause, body.frame()).await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    let _ = timeout(time, discard).await;
}
