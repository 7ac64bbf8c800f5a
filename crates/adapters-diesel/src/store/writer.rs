//! The writer: one thread that owns its connection and groups commits (ADR 4).
//!
//! A commit waits for the disk, which takes longer than the writes of a small request. So requests
//! that wait while a transaction runs share the next one. Each has a savepoint and sees the writes
//! of the earlier ones; one commit makes all of them durable before any is answered. The tenants
//! take turns, so that no one waits for all requests of another.

mod checkpoints;
mod erasure;
mod queue;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use contacts_application::ports::StoreError;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::checkpoints::{Checkpoints, checkpoint};
use self::erasure::Erasure;
pub(super) use self::queue::Tenant;
use self::queue::{Next, Queue, Refused};
use self::request::{Claim, Pending, Request};
use super::history::History;
use super::ids::Ids;
use super::transaction::{Aborted, Transaction};
use crate::connect::{Database, Failure, Files, Readers};

/// How often an idle writer looks whether its files are still there.
const LOOK_EVERY: Duration =
    if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(1) };

/// How long an open transaction accepts further requests. It bounds the wait of the first one.
/// Practically unlimited in tests, so that they do not depend on the speed of the machine.
const OPEN_FOR: Duration =
    if cfg!(test) { Duration::from_secs(3_600) } else { Duration::from_millis(20) };

type Requests = Queue<Box<dyn Request>>;

/// A handle to the writer thread. Dropping it ends the thread after the last request is answered.
pub(super) struct Writer {
    queue: Arc<Requests>,
    /// `None` only during drop.
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
    /// The requests that these commits made durable.
    committed: Arc<AtomicU64>,
    history: Arc<History>,
    /// How long a request may wait until it runs.
    max_wait: Duration,
}

impl Writer {
    /// Connects and starts the thread.
    ///
    /// The thread closes the readers when it has to take the files anew.
    pub(super) fn start(database: &Database, readers: [Readers; 2]) -> Result<Self, Failure> {
        let [contacts, access] = readers;
        let checkpointer = Readers::new(database, 1);
        let mut connected = Connected::new(database)?;
        let checkpoints = Checkpoints::start(checkpointer.clone())?;
        let erasure = Erasure::find(&mut connected.connection)?;
        let queue = Arc::new(Queue::new(database.options.waiting_requests));
        let [commits, committed] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
        let history = Arc::new(History::default());
        let worker = Worker {
            queue: Arc::clone(&queue),
            database: database.clone(),
            others: [contacts, access, checkpointer],
            checkpoints,
            erasure,
            connected: Some(connected),
            data_version: None,
            ids: Ids::new(),
            commits: Arc::clone(&commits),
            committed: Arc::clone(&committed),
            history: Arc::clone(&history),
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || worker.serve())
            .map_err(StoreError::internal)?;
        let max_wait = database.options.busy_timeout;
        Ok(Self { queue, thread: Some(thread), commits, committed, history, max_wait })
    }

    /// The number of committed transactions.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The number of requests whose writes were committed.
    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Relaxed)
    }

    /// The number of requests that wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Runs the work in a write transaction and returns its result once that is durable. The work
    /// does not run if the caller stops waiting before its turn.
    ///
    /// # Errors
    ///
    /// `Contention` when too many requests wait, or this one has waited too long for its turn.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        tenant: Tenant,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, mut answer) = oneshot::channel();
        let claim = Claim::default();
        let request = Box::new(Pending::new(work, claim.clone(), reply));
        self.queue.push(tenant, request).map_err(|refused| match refused {
            Refused::Full => StoreError::contention("too many requests wait to write"),
            Refused::Closed => StoreError::internal("the writer has ended"),
        })?;
        let answered = match timeout(self.max_wait, &mut answer).await {
            Ok(answered) => answered,
            Err(_) if claim.take() => {
                let seconds = self.max_wait.as_secs_f64();
                let cause = format!("the request has waited {seconds} s to be written");
                return Err(StoreError::contention(cause));
            }
            Err(_) => answer.await,
        };
        Ok(answered.map_err(StoreError::internal)??)
    }

    /// Runs the work in a later write transaction that nobody waits for. It is lost if too many
    /// requests wait, or if it fails.
    pub(super) fn submit(
        &self,
        tenant: Tenant,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(), Failure> + Send + 'static,
    ) {
        let (reply, _) = oneshot::channel();
        let claim = Claim::default();
        // The work itself waits for its turn.
        let caller = claim.clone();
        let work = move |transaction: &mut Transaction<'_>| {
            let _caller = caller;
            work(transaction)
        };
        let _ = self.queue.push(tenant, Box::new(Pending::new(work, claim, reply)));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // The thread panics only if SQLite cannot close the database.
            let _ = thread.join();
        }
    }
}

/// The state of the thread.
struct Worker {
    queue: Arc<Requests>,
    database: Database,
    /// All other connections of this process.
    others: [Readers; 3],
    checkpoints: Checkpoints,
    erasure: Erasure,
    /// `None` after a transaction was aborted: the next one begins on a new connection.
    connected: Option<Connected>,
    /// SQLite's number for the last state that another connection has written.
    data_version: Option<i64>,
    ids: Ids,
    commits: Arc<AtomicU64>,
    committed: Arc<AtomicU64>,
    history: Arc<History>,
}

/// A connection and the files that it works on.
struct Connected {
    connection: SqliteConnection,
    files: Files,
}

impl Connected {
    fn new(database: &Database) -> Result<Self, Failure> {
        let mut connection = database.writer()?;
        // Opens the write-ahead log.
        connection.batch_execute("PRAGMA schema_version")?;
        Ok(Self { connection, files: database.files() })
    }
}

impl Drop for Worker {
    /// Fails the requests that a panic has left.
    fn drop(&mut self) {
        self.queue.close();
        while self.queue.pop().is_some() {}
    }
}

impl Worker {
    fn serve(mut self) {
        loop {
            let pause = if self.erasure.is_under_way() { Duration::ZERO } else { LOOK_EVERY };
            match self.queue.wait(pause) {
                Next::Serve(first) if first.given_up() => {}
                Next::Serve(first) => {
                    let mut group = vec![first];
                    let end = self.transact(&mut group);
                    for request in group {
                        request.answer(&end);
                    }
                    self.look_after_log(false);
                }
                Next::Idle => {
                    self.look_after_files();
                    self.look_after_log(true);
                }
                Next::End => {
                    if let Some(Connected { connection, .. }) = &mut self.connected {
                        self.erasure.finish(connection);
                    }
                    self.look_after_log(true);
                    return;
                }
            }
        }
    }

    /// Runs the group in one transaction, with the requests that arrive meanwhile.
    fn transact(&mut self, group: &mut Vec<Box<dyn Request>>) -> Result<(), Aborted> {
        // Taken out, so that an aborted transaction leaves neither its connection nor its ids.
        let mut connected = match self.connected.take() {
            Some(connected) => connected,
            None => {
                self.data_version = None;
                Connected::new(&self.database).map_err(Aborted)?
            }
        };
        if !self.has_its_files(&connected) {
            return Err(self.leave_files(connected));
        }
        let mut ids = std::mem::replace(&mut self.ids, Ids::new());

        let history = Arc::clone(&self.history);
        let mut transaction =
            Transaction::begin(&mut connected.connection, &mut ids, &history).map_err(Aborted)?;
        let begun = Instant::now();
        self.notice_others(transaction.connection).map_err(Aborted)?;
        for request in &mut *group {
            request.run(&mut transaction)?;
        }
        while begun.elapsed() < OPEN_FOR
            && let Some(mut request) = self.queue.pop()
        {
            let run = request.run(&mut transaction);
            group.push(request);
            run?;
        }
        let has_purged = transaction.has_purged;
        transaction.commit()?;
        if has_purged {
            self.erasure.note_purge();
        }
        if !self.has_its_files(&connected) {
            return Err(self.leave_files(connected));
        }

        self.history.commit();
        self.commits.fetch_add(1, Ordering::Relaxed);
        let requests = u64::try_from(group.len()).unwrap_or(u64::MAX);
        self.committed.fetch_add(requests, Ordering::Relaxed);
        self.connected = Some(connected);
        self.ids = ids;
        Ok(())
    }

    /// Records whether another connection has written since the last transaction.
    fn notice_others(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let present = sql::<BigInt>("PRAGMA data_version").get_result(connection)?;
        if self.data_version.replace(present) != Some(present) {
            self.history.touch_all();
        }
        Ok(())
    }

    /// Whether the files are still at their paths. A write to others must not be acknowledged: after
    /// a restart it would be lost.
    fn has_its_files(&self, connected: &Connected) -> bool {
        connected.files.are_complete() && self.database.files() == connected.files
    }

    fn look_after_log(&mut self, is_pause: bool) {
        let Some(Connected { connection, .. }) = &mut self.connected else { return };
        self.erasure.advance(connection, is_pause);
        let looked = self.erasure.empty_log(connection);
        if looked.and_then(|()| self.checkpoints.run_if_due(connection)).is_err() {
            self.connected = None;
        }
    }

    fn look_after_files(&mut self) {
        if let Some(connected) = self.connected.take() {
            if self.has_its_files(&connected) {
                self.connected = Some(connected);
            } else {
                self.leave_files(connected);
            }
        }
    }

    /// Closes every connection, so that the next ones find the files that are there. What was
    /// acknowledged may be only in a log that has no name any more, so it is copied into the
    /// database first.
    fn leave_files(&mut self, mut connected: Connected) -> Aborted {
        let closed = self.others.each_ref().map(Readers::close);
        let message = if self.database.files().database != connected.files.database {
            "the database file was deleted or replaced"
        } else if checkpoint(&mut connected.connection, "TRUNCATE").is_ok_and(|log| !log.is_busy) {
            "the write-ahead log or its index was deleted or replaced"
        } else {
            // The next request tries again.
            self.connected = Some(connected);
            return unavailable("the write-ahead log was deleted, and another process reads it");
        };
        // A new connection would share the old index with one that is still open.
        drop(connected);
        drop(closed);
        unavailable(message)
    }
}

fn unavailable(message: &str) -> Aborted {
    Aborted(StoreError::unavailable(message).into())
}
