//! Making a batch out of what a front door took in.

use std::panic::{self, AssertUnwindSafe};

use contacts_domain::upsert::{Batch, Context, Item, Options};
use rayon::prelude::*;
use tokio::sync::oneshot;

/// Fewer items than this are read where they arrive; handing them to other threads costs more.
pub(super) const PARALLEL_FROM: usize = 32;

/// Reading or checking an item panicked: a fault of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the items could not be prepared because of a fault in the program")]
pub struct PreparationPanicked;

/// The batch of the items, each read from its raw form by `read`.
///
/// Many items are read in parallel, away from the threads that serve requests.
///
/// # Errors
///
/// When `read` panics.
pub(super) async fn prepare<R, F>(
    context: Context,
    options: Options,
    raw: Vec<R>,
    read: F,
) -> Result<Batch, PreparationPanicked>
where
    R: Send + Sync + 'static,
    F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
{
    if raw.len() < PARALLEL_FROM {
        caught(|| {
            let items = raw.iter().map(|item| read(item, &context)).collect();
            Batch::new(context, options, items)
        })
    } else {
        on_the_pool(move || {
            let items = raw.par_iter().map(|item| read(item, &context)).collect();
            Batch::new(context, options, items)
        })
        .await
    }
}

/// Does the work on the threads that are there for computing.
///
/// # Errors
///
/// When it panics.
pub(super) async fn on_the_pool<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PreparationPanicked> {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // Nobody waits for the result any more when the request was given up.
        let _ = sender.send(caught(work));
    });
    receiver.await.unwrap_or(Err(PreparationPanicked))
}

/// Does the work; a panic, which would end the process on a rayon thread, becomes an error.
///
/// What the panic left half done is dropped with the request. The panic hook has reported it.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, PreparationPanicked> {
    panic::catch_unwind(AssertUnwindSafe(work)).or(Err(PreparationPanicked))
}
