//! The request to stop the process.

use std::io;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::watch;
use tokio::time::sleep;

use super::service_manager;
use crate::failure::Failure;

/// How far the process is in stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// The requests in flight may finish.
    Finishing,
    /// The grace time is over.
    Over,
}

/// Whether SIGTERM or Ctrl-C has asked the process to stop.
#[derive(Debug, Clone)]
pub(super) struct Shutdown {
    phase: watch::Receiver<Phase>,
    hang_ups: watch::Receiver<()>,
}

impl Shutdown {
    /// Listens for the signals from now on. After the first one, the requests in flight may take the
    /// grace time, and closing the store a few seconds; a second one ends the process at once.
    ///
    /// The signals and the grace time have a thread of their own, so that no amount of work on the
    /// other threads delays them.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn watch(grace: Duration) -> Result<Self, Failure> {
        let cannot_listen = |error: io::Error| {
            Failure::because("cannot listen for signals", &error, "allow the process more files")
        };
        let (sender, phase) = watch::channel(Phase::Serving);
        let (hung_up, hang_ups) = watch::channel(());
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(cannot_listen)?;
        let signals = {
            let _context = runtime.enter();
            Signals::listen(hung_up).map_err(cannot_listen)?
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let started = thread.spawn(move || runtime.block_on(follow(signals, grace, &sender)));
        started.map_err(cannot_listen)?;
        Ok(Self { phase, hang_ups })
    }

    /// Waits for the next SIGHUP.
    pub(super) async fn hung_up(&mut self) {
        // Elsewhere than on Unix, there is none.
        if self.hang_ups.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the request to stop.
    pub(super) async fn requested(&mut self) {
        self.reached(Phase::Finishing).await;
    }

    /// Waits for the end of the grace time after the request to stop.
    pub(super) async fn grace_is_over(&mut self) {
        self.reached(Phase::Over).await;
    }

    async fn reached(&mut self, phase: Phase) {
        // The sender lives as long as the process.
        let _ = self.phase.wait_for(|current| *current >= phase).await;
    }
}

/// How long the process may take to close the store after the grace time.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// Follows the signals until one ends the process, or its time is over.
async fn follow(mut signals: Signals, grace: Duration, phase: &watch::Sender<Phase>) {
    let Signal { name, .. } = signals.next().await;
    tracing::info!(signal = name, "finishing the requests in flight");
    phase.send_replace(Phase::Finishing);
    service_manager::stopping();
    let deadline = async {
        sleep(grace).await;
        phase.send_replace(Phase::Over);
        // Work that cannot be interrupted must not keep the process: a decision, a transaction.
        sleep(CLOSING_TIME).await;
    };
    tokio::select! {
        () = deadline => {
            tracing::warn!("stopping although work is still running");
            std::process::exit(0);
        }
        signal = signals.next() => {
            tracing::warn!(signal = signal.name, "stopping at once");
            std::process::exit(signal.exit_code);
        }
    }
}

/// A signal that ends the process, and the exit code that a shell reports for it.
#[derive(Debug, Clone, Copy)]
struct Signal {
    name: &'static str,
    exit_code: i32,
}

const INTERRUPT: Signal = Signal { name: "SIGINT", exit_code: 130 };

#[cfg(unix)]
const TERMINATE: Signal = Signal { name: "SIGTERM", exit_code: 143 };

#[cfg(unix)]
struct Signals {
    hung_up: watch::Sender<()>,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen(hung_up: watch::Sender<()>) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            hung_up,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal that ends the process.
    async fn next(&mut self) -> Signal {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return INTERRUPT,
                _ = self.terminate.recv() => return TERMINATE,
                // A closed terminal, or a tool that asks for the settings to be read again.
                _ = self.hang_up.recv() => {
                    tracing::info!(
                        "SIGHUP: restart the server to change other settings than its certificate"
                    );
                    self.hung_up.send_replace(());
                }
            }
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen(_: watch::Sender<()>) -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next Ctrl-C.
    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPT,
            Err(_) => std::future::pending().await,
        }
    }
}
