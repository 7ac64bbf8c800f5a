//! Captures the log.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The log lines since this was started.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(super) fn start() -> (Self, DefaultGuard, Dispatch) {
        // With a second subscriber, tracing does not cache that a log line of another test has no
        // listener.
        let other = Dispatch::new(tracing_subscriber::registry());
        let log = Self::default();
        let lines = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false);
        let lines = lines.with_env_filter(EnvFilter::new("contacts_adapters_postgres=info"));
        let guard = tracing::subscriber::set_default(lines.with_writer(log.clone()).finish());
        (log, guard, other)
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
