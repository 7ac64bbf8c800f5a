//! A pool of connections that only read and see the last commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_application::ports::StoreError;
use diesel::SqliteConnection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::database::Database;
use super::failure::Failure;

/// A pool of reading connections, each made when it is first needed.
#[derive(Clone)]
pub(crate) struct Readers {
    database: Arc<Database>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(database: Database) -> Self {
        let free = Arc::new(Semaphore::new(database.options.readers.max(1)));
        Self { database: Arc::new(database), idle: Arc::default(), free }
    }

    /// Runs a read on a blocking thread, with a connection of its own.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(StoreError::internal)?;
        let readers = self.clone();
        let read = spawn_blocking(move || {
            let _permit = permit;
            let mut connection = match readers.idle().pop() {
                Some(connection) => connection,
                None => readers.database.reader()?,
            };
            let read = reading(&mut connection);
            // A connection that failed is closed: a new one is the surest way to recover.
            if read.is_ok() {
                readers.idle().push(connection);
            }
            read
        });
        Ok(read.await.map_err(StoreError::internal)??)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
