//! Copies a database to one of another kind.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::ports::{CopyError, StoredRows, Totals};

/// How many batches of rows wait for the receiver.
const WAITING: usize = 4;

/// Copies a database to an empty one of the same or another kind.
pub struct CopyRows {
    from: Arc<dyn StoredRows>,
    to: Arc<dyn StoredRows>,
}

impl CopyRows {
    /// Copies from one database to another.
    pub fn new(from: Arc<dyn StoredRows>, to: Arc<dyn StoredRows>) -> Self {
        Self { from, to }
    }

    /// Copies every row and compares what was stored with what was sent.
    ///
    /// # Errors
    ///
    /// A [`CopyError`]. The database to copy to is as it was then.
    pub async fn execute(&self) -> Result<Totals, CopyError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (sent, taken) = tokio::join!(self.from.send(sender), self.to.take(receiver));
        match (sent, taken) {
            // The cause of the interruption.
            (Err(error), Err(CopyError::Interrupted)) => Err(error.into()),
            (_, taken) => taken,
        }
    }
}
