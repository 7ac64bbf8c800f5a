//! Long computations, kept off the threads that serve sockets.

use contacts_application::compute::compute;

use crate::problem::Problem;

/// The most bytes that are worked on by the thread that serves the connection. It takes about 50 µs
/// to find the items in them.
pub(crate) const LONG: usize = 64 << 10;

/// Runs `work` here if it is short, else on the threads of rayon.
///
/// Work that has begun goes on when its client has gone, so what it takes of the limits has to move
/// into it.
pub(crate) async fn offload<T: Send + 'static>(
    is_long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if is_long { compute(work).await.map_err(Problem::internal) } else { Ok(work()) }
}
