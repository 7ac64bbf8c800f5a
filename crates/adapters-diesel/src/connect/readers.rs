//! A pool of connections that only read and see the last commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use contacts_application::ports::StoreError;
use diesel::SqliteConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::database::Database;
use super::failure::Failure;

/// A pool of reading connections, each made when it is first needed.
#[derive(Clone)]
pub(crate) struct Readers {
    database: Arc<Database>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    free: Arc<Semaphore>,
    /// The half of the connections that long reads may use.
    free_for_long: Arc<Semaphore>,
    /// Locked for reading while a connection is in use.
    in_use: Arc<RwLock<()>>,
}

impl Readers {
    /// At most `count` connections.
    pub(crate) fn new(database: &Database, count: usize) -> Self {
        Self {
            database: Arc::new(database.clone()),
            idle: Arc::default(),
            free: Arc::new(Semaphore::new(count.max(1))),
            free_for_long: Arc::new(Semaphore::new((count / 2).max(1))),
            in_use: Arc::default(),
        }
    }

    /// Runs a read on a blocking thread, with a connection of its own.
    ///
    /// # Errors
    ///
    /// `Contention` when no connection becomes free in time.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permit(&self.free).await?;
        let readers = self.clone();
        let read = spawn_blocking(move || {
            let _permit = permit;
            readers.read_here(reading)
        });
        Ok(read.await.map_err(StoreError::internal)??)
    }

    /// The same on this thread, without waiting for other reads.
    pub(crate) fn read_here<T>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let _in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.database.reader()?,
        };
        let read = reading(&mut connection);
        // A connection that failed is closed: a new one is the surest way to recover.
        if read.is_ok() {
            self.idle().push(connection);
        }
        read
    }

    /// The same for reads that may take long. Together they use at most half of the connections.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permit(&self.free_for_long).await?;
        self.read(move |connection| {
            let _permit = permit;
            reading(connection)
        })
        .await
    }

    /// Waits for the running reads and closes all connections. Reads wait while the lock is held.
    pub(crate) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        let unused = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        self.idle().clear();
        unused
    }

    /// How many long reads may begin now.
    #[cfg(test)]
    pub(crate) fn long_reads_left(&self) -> usize {
        self.free_for_long.available_permits()
    }

    async fn permit(&self, free: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
        let wait: Duration = self.database.options.busy_timeout;
        match timeout(wait, Arc::clone(free).acquire_owned()).await {
            Ok(permit) => permit.map_err(StoreError::internal),
            Err(_) => {
                let seconds = wait.as_secs_f64();
                let cause = format!("all connections for such reads were in use for {seconds} s");
                Err(StoreError::contention(cause))
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use contacts_application::ports::StoreErrorKind;

    use super::*;
    use crate::connect::SqliteOptions;
    use crate::testing::file;

    #[tokio::test]
    async fn long_reads_leave_half_of_the_connections() {
        let busy_timeout = Duration::from_millis(50);
        let options = SqliteOptions { busy_timeout, ..SqliteOptions::default() };
        let (_directory, database) = file(options);
        let readers = Readers::new(&database, 4);

        let long = || {
            let (end, ended) = channel::<()>();
            let readers = readers.clone();
            let wait = move |_: &mut SqliteConnection| {
                // Until the test drops the other end.
                let _ = ended.recv();
                Ok(())
            };
            (end, tokio::spawn(async move { readers.read_long(wait).await }))
        };
        let running = [long(), long()];
        while readers.free.available_permits() > 2 {
            tokio::task::yield_now().await;
        }
        let refused = readers.read_long(|_| Ok(())).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Contention);
        readers.read(|_| Ok(())).await.unwrap();

        for (end, long) in running {
            drop(end);
            long.await.unwrap().unwrap();
        }
    }
}
