//! The request to stop the process.

use tokio::sync::watch;

use crate::failure::Failure;

/// Whether SIGTERM or Ctrl-C has asked the process to stop.
#[derive(Debug, Clone)]
pub(super) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn watch() -> Result<Self, Failure> {
        let (sender, receiver) = watch::channel(false);
        let received = signals().map_err(|error| {
            Failure::because("cannot listen for signals", &error, "allow the process more files")
        })?;
        tokio::spawn(async move {
            let signal = received.await;
            tracing::info!(signal, "finishing the requests in flight");
            // Fails only if the server has ended already.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// Waits for the request to stop.
    pub(super) async fn requested(&mut self) {
        // The sender is dropped only after it has sent, or with the runtime.
        let _ = self.0.wait_for(|requested| *requested).await;
    }
}

#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = &'static str> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = &'static str> + Send + 'static> {
    Ok(async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    })
}
