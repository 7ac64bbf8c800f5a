//! How long a standby has been behind.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::types::PgLsn;

/// A standby that is further behind does not follow any more, or cannot keep up.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// What the standby lacked when it was asked, and since when. It tells one that replays nothing from
/// one that is a little behind whenever it is asked.
#[derive(Debug, Default)]
pub(super) struct Lag(Mutex<Option<(PgLsn, Instant)>>);

impl Lag {
    /// Whether one that has replayed that much lacks what was written [`LIMIT`] ago, as far as it
    /// was asked since. By now more is written.
    pub(super) fn is_too_long(
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
    fn who_lacks_what_was_written_long_ago_is_too_far_behind() {
        let (lag, start) = (Lag::default(), Instant::now());
        let is_too_long = |written: u64, now| lag.is_too_long(None, written.into(), now);
        assert!(!is_too_long(10, start));
        assert!(!is_too_long(20, start + LIMIT - SECOND));
        assert!(is_too_long(30, start + LIMIT));
        assert!(is_too_long(40, start + LIMIT + SECOND));
    }

    #[test]
    fn who_is_behind_whenever_asked_but_replays_is_not() {
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
