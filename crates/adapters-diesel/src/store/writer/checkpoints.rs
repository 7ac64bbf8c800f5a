//! Copies the write-ahead log into the database, on a thread of its own.
//!
//! SQLite begins the log anew when all of it is copied and nobody reads it. While the thread copies,
//! the writer adds to the log, so the writer copies the rest, which is little.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use contacts_application::ports::StoreError;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::connect::{CHECKPOINT_PAGES, Failure, Readers};

/// A handle to the thread. Dropping it waits for the end of a checkpoint.
pub(super) struct Checkpoints {
    /// `None` only during drop.
    begin: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The thread has copied what it found.
    rest_is_due: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts the thread. It uses a connection of the readers.
    pub(super) fn start(readers: Readers) -> Result<Self, Failure> {
        let (begin, due) = sync_channel(1);
        let rest_is_due = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&rest_is_due);
        let copy = move || {
            for () in due {
                // If it fails, the log grows until the writer copies it.
                if readers.read_here(|connection| Ok(checkpoint(connection, "PASSIVE")?)).is_ok() {
                    done.store(true, Ordering::Relaxed);
                }
            }
        };
        let thread = thread::Builder::new()
            .name("sqlite-checkpoints".to_owned())
            .spawn(copy)
            .map_err(StoreError::internal)?;
        Ok(Self { begin: Some(begin), thread: Some(thread), rest_is_due })
    }

    /// Has the log copied if it is long. The writer calls it between transactions.
    pub(super) fn run_if_due(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        if self.rest_is_due.swap(false, Ordering::Relaxed) {
            checkpoint(connection, "PASSIVE")?;
            return Ok(());
        }
        let log = checkpoint(connection, "NOOP")?;
        if log.pages - log.copied >= CHECKPOINT_PAGES
            && let Some(begin) = &self.begin
        {
            // Where one waits already, it copies this too.
            let _ = begin.try_send(());
        }
        Ok(())
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.begin = None;
        if let Some(thread) = self.thread.take() {
            // The thread panics only if SQLite cannot close the database.
            let _ = thread.join();
        }
    }
}

/// The write-ahead log after a checkpoint.
pub(super) struct Log {
    /// Whether others kept the checkpoint from copying all of it.
    pub(super) is_busy: bool,
    pub(super) pages: i64,
    pub(super) copied: i64,
}

/// Runs a checkpoint of that mode (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
pub(super) fn checkpoint(connection: &mut SqliteConnection, mode: &str) -> QueryResult<Log> {
    let run = sql::<(Bool, BigInt, BigInt)>("PRAGMA wal_checkpoint(").sql(mode).sql(")");
    let (is_busy, pages, copied) = run.get_result(connection)?;
    Ok(Log { is_busy, pages, copied })
}
