//! A body in gzip (RFC 1952) that is decompressed while it arrives.

use std::io::Write as _;
use std::mem;

use axum::body::Bytes;
use bytes::Buf as _;
use flate2::write::MultiGzDecoder;

use crate::problem::{Kind, Problem};

/// How many times larger than what arrived a body may become, beyond [`FREE`]. Contacts become about
/// 5 times larger, gzip allows 1,000 times.
const MAX_EXPANSION: u64 = 200;

/// How many bytes a body may have in any case.
const FREE: u64 = 32 << 20;

/// Decompresses a body, in pieces of about 32 KiB.
pub(super) struct Inflating {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What has arrived and is still compressed.
    rest: Bytes,
    arrived: u64,
    inflated: u64,
}

impl Inflating {
    pub(super) fn new() -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { decoder, rest: Bytes::new(), arrived: 0, inflated: 0 }
    }

    /// Whether all that has arrived is decompressed.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes what arrives next.
    pub(super) fn take(&mut self, bytes: Bytes) {
        self.arrived += length(&bytes);
        self.rest = bytes;
    }

    /// The next piece, which may be empty.
    pub(super) fn piece(&mut self) -> Result<Bytes, Problem> {
        let taken = self.decoder.write(&self.rest).map_err(|error| broken(&error))?;
        self.rest.advance(taken);
        if self.rest.is_empty() {
            // No line waits for the next bytes.
            self.decoder.flush().map_err(|error| broken(&error))?;
        }
        self.inflated()
    }

    /// The last piece, which may be empty.
    pub(super) fn end(&mut self) -> Result<Bytes, Problem> {
        if self.arrived > 0 {
            self.decoder.try_finish().map_err(|error| broken(&error))?;
        }
        self.inflated()
    }

    fn inflated(&mut self) -> Result<Bytes, Problem> {
        let piece = mem::take(self.decoder.get_mut());
        self.inflated += length(&piece);
        if self.inflated > FREE + self.arrived.saturating_mul(MAX_EXPANSION) {
            let detail = format!(
                "the body may become at most {MAX_EXPANSION} times larger, and {} MiB",
                FREE >> 20
            );
            return Err(Problem::new(Kind::BodyTooLarge, detail));
        }
        Ok(piece.into())
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The body is not in gzip, or damaged.
pub(crate) fn broken(error: &std::io::Error) -> Problem {
    Problem::new(Kind::BodyNotGzip, format!("the body cannot be decompressed: {error}"))
}
