//! How far a check is: a bar on a terminal, lines of the log elsewhere.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// How many contacts lie between two lines of the log.
const LINE_EVERY: u64 = 100_000;

const TEMPLATE: &str = "{bar:40} {human_pos} of {human_len} contacts, {rate}/s, {eta} left";

/// How far a check is.
pub(super) struct Progress {
    /// It draws itself on standard error if that is a terminal, and hides otherwise.
    bar: ProgressBar,
    started: Instant,
    next_line: u64,
}

impl Progress {
    /// A check that begins now.
    pub(super) fn start() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar, started: Instant::now(), next_line: LINE_EVERY }
    }

    /// So many contacts are checked, of about so many.
    pub(super) fn show(&mut self, contacts: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(contacts);
        if self.bar.is_hidden() && contacts >= self.next_line {
            self.next_line = contacts - contacts % LINE_EVERY + LINE_EVERY;
            tracing::info!("{}", line(contacts, of, self.started.elapsed()));
        }
    }

    /// Prints something without leaving a part of the bar behind.
    pub(super) fn beside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// It is done, or has failed.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn line(contacts: u64, of: u64, taken: Duration) -> String {
    let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = contacts.saturating_mul(1_000) / millis;
    let left = of.saturating_sub(contacts) / per_second.max(1);
    format!("checked {contacts} of {of} contacts, {per_second}/s, {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_fast_it_goes_and_how_long_it_takes() {
        assert_eq!(
            line(100_000, 250_000, Duration::from_secs(2)),
            "checked 100000 of 250000 contacts, 50000/s, 3 s left"
        );
        assert_eq!(line(5, 3, Duration::ZERO), "checked 5 of 3 contacts, 5000/s, 0 s left");
    }

    #[test]
    fn the_bar_is_well_formed() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
