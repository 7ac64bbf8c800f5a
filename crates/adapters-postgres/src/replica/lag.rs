//! How long a standby has been behind.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::types::PgLsn;

/// A standby that is further behind has stopped replaying, or cannot keep up.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The position that the standby lacks, and since when. It distinguishes a standby that replays
/// nothing from one that is slightly behind at each request.
#[derive(Debug, Default)]
pub(crate) struct Lag(Mutex<Option<(PgLsn, Instant)>>);

impl Lag {
    /// Whether a standby that has replayed that position lacks something that was written [`LIMIT`]
    /// ago. `written` is the current position of the primary.
    pub(crate) fn is_too_long(
        &self,
        replayed: Option<PgLsn>,
        written: PgLsn,
        now: Instant,
    ) -> bool {
        let mut lacked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, since) = *match &mut *lacked {
            Some(lacked) if replayed < Some(lacked.0) => lacked,
            lacked => lacked.insert((written, now)),
        };
        now.saturating_duration_since(since) >= LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn missing_old_write_is_too_long() {
        let (lag, start) = (Lag::default(), Instant::now());
        let is_too_long = |written: u64, now| lag.is_too_long(None, written.into(), now);
        assert!(!is_too_long(10, start));
        assert!(!is_too_long(20, start + LIMIT - SECOND));
        assert!(is_too_long(30, start + LIMIT));
        assert!(is_too_long(40, start + LIMIT + SECOND));
    }

    #[test]
    fn replaying_standby_is_never_too_long() {
        let (lag, start) = (Lag::default(), Instant::now());
        for (minute, written) in (1..).zip([10_u64, 20, 30]) {
            let replayed = Some((written - 10).into());
            assert!(!lag.is_too_long(replayed, written.into(), start + LIMIT * minute));
        }
        assert!(lag.is_too_long(Some(29.into()), 30.into(), start + LIMIT * 4));
        assert!(!lag.is_too_long(Some(30.into()), 40.into(), start + LIMIT * 5));
        assert!(!lag.is_too_long(Some(30.into()), 50.into(), start + LIMIT * 6 - SECOND));
    }
}
