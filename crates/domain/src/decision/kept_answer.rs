//! The answers that are kept for requests with an idempotency key.

use std::sync::Arc;

use crate::ids::ContactId;
use crate::timestamp::Timestamp;

/// A SHA-256 digest over an idempotency key and the scope in which it names a request: its path and
/// its token. It belongs to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey(pub [u8; 32]);

/// A SHA-256 digest over everything that makes a request another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest(pub [u8; 32]);

/// An answer, as an API has written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status and the headers.
    pub head: Arc<[u8]>,
    /// The body; `None` if it was erased.
    pub body: Option<Arc<[u8]>>,
    /// The contacts that the body may show, each once. It is erased when one of them is purged.
    pub contacts: Vec<ContactId>,
}

/// An answer that is kept for the requests that are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The request.
    pub request: RequestDigest,
    /// When it arrived.
    pub at: Timestamp,
    /// Its answer.
    pub answer: Answer,
}
