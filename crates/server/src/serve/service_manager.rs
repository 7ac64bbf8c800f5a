//! Notifies systemd, if it started the server, when the server is ready and when it stops
//! (`sd_notify(3)`).

/// The server accepts connections.
pub(super) fn ready() {
    notify(State::Ready);
}

/// The server has begun to stop.
pub(super) fn stopping() {
    notify(State::Stopping);
}

#[cfg(unix)]
use sd_notify::NotifyState as State;

#[cfg(unix)]
fn notify(state: State<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot notify systemd");
    }
}

#[cfg(not(unix))]
enum State {
    Ready,
    Stopping,
}

#[cfg(not(unix))]
fn notify(_: State) {}
