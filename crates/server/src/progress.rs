//! The progress of a long command: a bar on a terminal, log lines elsewhere.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// The number of contacts between two log lines.
const LINE_EVERY: u64 = 100_000;

const TEMPLATE: &str = "{bar:40} {human_pos} of {human_len} contacts, {rate}/s, {eta} left";

/// The progress of a long command.
pub(crate) struct Progress {
    /// Drawn on standard error if that is a terminal, hidden otherwise.
    bar: ProgressBar,
    /// The word for it in log lines.
    done: &'static str,
    started: Instant,
    next_line: u64,
}

impl Progress {
    /// Starts at zero contacts; `done` is what happens to them, such as `checked`.
    pub(crate) fn start(done: &'static str) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar, done, started: Instant::now(), next_line: LINE_EVERY }
    }

    /// Shows that `contacts` of about `of` contacts are done.
    pub(crate) fn show(&mut self, contacts: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(contacts);
        if self.bar.is_hidden() && contacts >= self.next_line {
            self.next_line = contacts - contacts % LINE_EVERY + LINE_EVERY;
            tracing::info!("{}", line(self.done, contacts, of, self.started.elapsed()));
        }
    }

    /// Hides the bar while `print` runs.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Removes the bar.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn line(done: &str, contacts: u64, of: u64, taken: Duration) -> String {
    let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = contacts.saturating_mul(1_000) / millis;
    let left = of.saturating_sub(contacts) / per_second.max(1);
    format!("{done} {contacts} of {of} contacts, {per_second}/s, {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_line_shows_rate_and_time_left() {
        assert_eq!(
            line("checked", 100_000, 250_000, Duration::from_secs(2)),
            "checked 100000 of 250000 contacts, 50000/s, 3 s left"
        );
        assert_eq!(
            line("checked", 5, 3, Duration::ZERO),
            "checked 5 of 3 contacts, 5000/s, 0 s left"
        );
    }

    #[test]
    fn bar_template_is_well_formed() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
