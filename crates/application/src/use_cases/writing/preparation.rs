//! Makes a batch of the items of a request.

use std::sync::Arc;

use contacts_domain::upsert::{Batch, Context, Item, Options};
use rayon::prelude::*;

use crate::compute::{Panicked, catch_panic, compute};

/// Fewer and shorter items are read on the thread of the request: moving them to others costs more.
const PARALLEL_FROM: usize = 32;
const PARALLEL_FROM_BYTES: usize = 64 << 10;

/// The batch of the items, `bytes` long together, each read from its raw form by `read`.
///
/// # Errors
///
/// [`Panicked`], if `read` panics.
pub(super) async fn prepare<R, F>(
    context: Context,
    options: Options,
    raw: Vec<R>,
    bytes: usize,
    read: F,
) -> Result<Batch, Panicked>
where
    R: Send + Sync + 'static,
    F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
{
    let details = Batch::details_at_most(raw.len());
    let reading = context.clone();
    let read = move |item: &R| read(item, &reading).listing_at_most(details);
    read_each(raw.into(), bytes, read, |items| Batch::new(context, options, items)).await
}

/// Reads each item, `bytes` long together, and makes something of all of them.
///
/// Many or long items are read in parallel, away from the threads that serve requests.
///
/// # Errors
///
/// [`Panicked`], if one of the functions panics.
pub(super) async fn read_each<R, I, T>(
    raw: Arc<[R]>,
    bytes: usize,
    read: impl Fn(&R) -> I + Send + Sync + 'static,
    make: impl FnOnce(Vec<I>) -> T + Send + 'static,
) -> Result<T, Panicked>
where
    R: Send + Sync + 'static,
    I: Send,
    T: Send + 'static,
{
    if raw.len() < PARALLEL_FROM && bytes < PARALLEL_FROM_BYTES {
        catch_panic(|| make(raw.iter().map(read).collect()))
    } else {
        // Dropped with this future, when the caller is gone: then no further item is read.
        let caller = Arc::new(());
        let is_wanted = Arc::downgrade(&caller);
        let made = compute(move || {
            let wanted = raw.par_iter().take_any_while(|_| is_wanted.strong_count() > 0);
            make(wanted.map(read).collect())
        });
        let made = made.await;
        drop(caller);
        made
    }
}
