//! How fast a body has to arrive.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

use crate::settings::Settings;

/// From when on a body has to have arrived at the least rate.
const RATED_FROM: Duration = Duration::from_secs(20);

/// The time that a body has left.
pub(super) struct Pace {
    begun: Instant,
    /// When something arrived last.
    last: Instant,
    max_pause: Duration,
    max_time: Duration,
    /// In bytes per second.
    min_rate: Option<NonZeroU64>,
}

impl Pace {
    pub(super) fn start(settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            last: now,
            max_pause: settings.max_body_pause,
            max_time: settings.max_body_time,
            min_rate: NonZeroU64::new(settings.min_body_rate),
        }
    }

    /// Notes that something arrived.
    pub(super) fn received(&mut self) {
        self.last = Instant::now();
    }

    /// Until when the next part of a body has to arrive of which that many bytes are here.
    pub(super) fn deadline(&self, bytes: usize) -> Instant {
        let pause = self.last + self.max_pause;
        let rate = self.min_rate.map(|rate| {
            let covered = u64::try_from(bytes).unwrap_or(u64::MAX) / rate;
            self.begun + Duration::from_secs(covered).max(RATED_FROM).min(self.max_time)
        });
        pause.min(self.begun + self.max_time).min(rate.unwrap_or(pause))
    }

    /// Why a body is given up at its deadline.
    pub(super) fn refusal(&self) -> String {
        let now = Instant::now();
        if now >= self.last + self.max_pause {
            format!("nothing arrived for {} seconds", self.max_pause.as_secs())
        } else if now >= self.begun + self.max_time {
            format!("the body took longer than {} seconds", self.max_time.as_secs())
        } else {
            let rate = self.min_rate.map_or(0, NonZeroU64::get);
            format!("the body arrived at less than {rate} bytes a second")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(bytes: usize, settings: &Settings) -> u64 {
        let pace = Pace { max_pause: Duration::from_secs(1_000), ..Pace::start(settings) };
        (pace.deadline(bytes) - pace.begun).as_secs()
    }

    #[test]
    fn body_has_the_time_that_its_bytes_earn() {
        let settings = Settings { min_body_rate: 1_000, ..Settings::default() };
        for (bytes, time) in [(0, 20), (20_000, 20), (50_000, 50), (1_000_000, 300)] {
            assert_eq!(seconds(bytes, &settings), time, "{bytes}");
        }
        let without_rate = Settings { min_body_rate: 0, ..Settings::default() };
        assert_eq!(seconds(0, &without_rate), 300);
    }

    #[test]
    fn longest_time_may_end_before_the_rate_counts() {
        let settings = Settings { max_body_time: Duration::from_secs(2), ..Settings::default() };
        assert_eq!(seconds(0, &settings), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn each_part_has_the_pause_anew() {
        let settings = Settings { min_body_rate: 0, ..Settings::default() };
        let mut pace = Pace::start(&settings);
        assert_eq!((pace.deadline(0) - pace.begun).as_secs(), 30);
        tokio::time::advance(Duration::from_secs(29)).await;
        pace.received();
        assert_eq!((pace.deadline(1) - pace.begun).as_secs(), 59);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(pace.refusal(), "nothing arrived for 30 seconds");
    }
}
