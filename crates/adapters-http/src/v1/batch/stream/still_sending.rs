//! Whether a stream is still arriving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the client of a connection is still sending a stream. It may leave its answer unread for so
/// long: what serves connections must not take it for one that takes nothing. Put a clone of it into
/// the extensions of each request.
#[derive(Debug, Clone, Default)]
pub struct StillSending(Arc<AtomicBool>);

impl StillSending {
    /// Whether a stream is arriving.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes whether a stream is arriving.
    pub fn set(&self, is_sending: bool) {
        self.0.store(is_sending, Ordering::Relaxed);
    }
}
