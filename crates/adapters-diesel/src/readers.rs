//! Readers: connections beside the writer that see what was committed last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_application::ports::StoreError;
use diesel::SqliteConnection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::database::Database;
use super::failure::Failure;

/// A small pool of connections that only read, each on a blocking thread while it is in use.
#[derive(Clone)]
pub(super) struct Readers {
    database: Arc<Database>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    free: Arc<Semaphore>,
}

impl Readers {
    /// No connection is made before one is needed.
    pub(super) fn of(database: Database) -> Self {
        let free = Arc::new(Semaphore::new(database.options.readers.max(1)));
        Self { database: Arc::new(database), idle: Arc::default(), free }
    }

    /// Reads on a connection of its own.
    ///
    /// # Errors
    ///
    /// When it cannot connect, or the reading fails.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(Failure::internal)?;
        let readers = self.clone();
        let read = spawn_blocking(move || {
            let _permit = permit;
            let mut connection = match readers.idle().pop() {
                Some(connection) => connection,
                None => readers.database.reader()?,
            };
            let read = reading(&mut connection);
            // After a failure a new connection is the surest way to recover.
            if read.is_ok() {
                readers.idle().push(connection);
            }
            read
        });
        Ok(read.await.map_err(Failure::internal)??)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
