//! What one request holds, from its arrival to the last byte of its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

use super::rate::Left;
use super::share::Part;

/// The parts that a request holds. They are given back when the last handle is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hold(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    /// Its place among the requests that arrive, and later among those that are worked on.
    place: Option<Part>,
    /// Room for its body.
    body: Vec<Part>,
    /// Memory to read the body and to apply it, later for the answer.
    memory: Option<Part>,
    /// The place of an answer that is larger than this memory.
    large_answer: Option<Part>,
    /// What its token has left.
    rates: Vec<Left>,
}

impl Hold {
    /// Takes a place, and leaves the one before.
    pub(crate) fn move_to(&self, place: Part) {
        self.parts().place = Some(place);
    }

    /// Whether it has a place, and so a valid token.
    pub(crate) fn has_place(&self) -> bool {
        self.parts().place.is_some()
    }

    /// Says in the answer what the token has left.
    pub(super) fn note_rate(&self, left: Left) {
        self.parts().rates.push(left);
    }

    pub(crate) fn keep_body(&self, room: Part) {
        self.parts().body.push(room);
    }

    pub(crate) fn keep_memory(&self, memory: Option<Part>) {
        self.parts().memory = memory;
    }

    pub(crate) fn keep_large_answer(&self, place: Part) {
        self.parts().large_answer = Some(place);
    }

    /// Gives back what an answer of that size does not need, now that all else is done.
    pub(crate) fn shrink_to(&self, answer: u32, small: u32) {
        let mut parts = self.parts();
        parts.body.clear();
        let is_covered = parts.memory.as_mut().is_some_and(|memory| memory.shrink(answer));
        if is_covered || answer <= small {
            parts.large_answer = None;
        }
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the request a [`Hold`], which ends when the client has taken the last byte of the answer or
/// the connection has ended.
pub(crate) async fn hold(mut request: Request, next: Next) -> Response {
    let hold = Hold::default();
    request.extensions_mut().insert(hold.clone());
    let mut response = next.run(request).await;
    Left::add_to(&hold.parts().rates, response.headers_mut());
    // Of the body below, nobody can tell the length.
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            frame.map_data(|bytes| Bytes::from_owner(Held { bytes, _hold: hold.clone() }))
        }))
    })
}

/// Bytes of an answer. The server drops them when the system has taken them.
struct Held {
    bytes: Bytes,
    _hold: Hold,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
