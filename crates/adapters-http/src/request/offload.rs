//! Long computations, kept off the threads that serve sockets.

use crate::problem::Problem;

/// Runs `work` here if it is short, else on a thread that may be blocked.
pub(crate) async fn offload<T, W>(is_long: bool, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    if is_long {
        tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
    } else {
        Ok(work())
    }
}
