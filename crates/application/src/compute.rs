//! Work that keeps a processor busy, and panics as errors.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use tokio::sync::oneshot;

/// A computation panicked: a bug in the program. Holds the text of the panic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

impl From<Box<dyn Any + Send>> for Panicked {
    /// Takes the payload that [`catch_unwind`](panic::catch_unwind) returns.
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let text = match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                payload.downcast_ref::<&str>().copied().unwrap_or("without a message").to_owned()
            }
        };
        Self(text)
    }
}

/// Runs `work` on this thread.
///
/// # Errors
///
/// [`Panicked`]. What `work` borrowed may be left half changed: drop it.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(Panicked::from)
}

/// Runs `work` on the threads of rayon, away from the threads that serve requests.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use contacts_application::compute::compute;
///
/// assert_eq!(compute(|| 6 * 7).await, Ok(42));
/// let panicked = compute(|| -> u32 { panic!("a bug") }).await.unwrap_err();
/// assert_eq!(panicked.to_string(), "panicked: a bug");
/// # }
/// ```
///
/// # Errors
///
/// [`Panicked`].
pub async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Panicked> {
    let (sender, receiver) = oneshot::channel();
    // Uncaught, a panic on a thread of rayon would end the process. Work that nobody waits for any
    // more is not begun.
    rayon::spawn(move || {
        if !sender.is_closed() {
            drop(sender.send(catch_panic(work)));
        }
    });
    receiver.await.unwrap_or_else(|_| Err(Panicked("without an answer".to_owned())))
}
