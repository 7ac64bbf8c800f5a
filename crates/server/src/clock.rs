//! The system clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contacts_application::ports::Clock;
use contacts_domain::Timestamp;

use crate::failure::Failure;

/// The system clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // `check` has refused an earlier time. If the clock is set to one later, it reads as 1970.
        let since = since_1970(SystemTime::now()).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Refuses a clock before 1970. Contacts and tokens would get wrong times, and the ids of requests
/// cannot have one (RFC 9562).
///
/// # Errors
///
/// If the clock shows such a time.
pub(crate) fn check() -> Result<(), Failure> {
    since_1970(SystemTime::now()).map(|_| ())
}

fn since_1970(time: SystemTime) -> Result<Duration, Failure> {
    time.duration_since(UNIX_EPOCH).map_err(|error| {
        let before = error.duration().as_secs();
        Failure::new(
            format!("the system clock is {before} seconds before 1970"),
            "set it, for instance by NTP",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_before_1970_is_refused() {
        let time = UNIX_EPOCH - Duration::from_secs(86_400);
        let failure = since_1970(time).unwrap_err().to_string();
        assert!(
            failure.starts_with("the system clock is 86400 seconds before 1970; "),
            "{failure}"
        );
        assert!(since_1970(UNIX_EPOCH).is_ok());
    }
}
