//! The writer: one thread that owns its connection and groups commits (ADR 4).
//!
//! A commit waits for the disk, which takes longer than the writes of a small request. So requests
//! that wait while a transaction runs share the next one. Each has a savepoint and sees the writes
//! of the earlier ones; one commit makes all of them durable before any is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use contacts_application::ports::StoreError;
use diesel::SqliteConnection;
use tokio::sync::oneshot;

use super::ids::Ids;
use super::transaction::{Aborted, Transaction};
use crate::connect::{Database, Failure, FileId};

/// How long an open transaction accepts further requests. It bounds the wait of the first one.
/// Practically unlimited in tests, so that they do not depend on the speed of the machine.
const OPEN_FOR: Duration =
    if cfg!(test) { Duration::from_secs(3_600) } else { Duration::from_millis(20) };

/// A handle to the writer thread. Dropping it ends the thread after the last request is answered.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only during drop.
    queue: Option<SyncSender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Connects and starts the thread.
    pub(super) fn start(database: &Database) -> Result<Self, Failure> {
        let (sender, queue) = sync_channel(database.options.waiting_requests);
        let commits = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            database: database.clone(),
            connection: Some(database.writer()?),
            file: database.file_id(),
            ids: Ids::new(),
            commits: Arc::clone(&commits),
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || worker.serve(&queue))
            .map_err(StoreError::internal)?;
        Ok(Self { queue: Some(sender), thread: Some(thread), commits })
    }

    /// The number of committed transactions.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Runs the work in a write transaction and returns its result once that is durable.
    ///
    /// # Errors
    ///
    /// `Contention` when too many requests wait.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ended = || StoreError::internal("the writer has ended");
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Pending { work: Some(work), outcome: None, reply });
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::contention("too many requests wait to write"),
            TrySendError::Disconnected(_) => ended(),
        })?;
        Ok(answer.await.map_err(StoreError::internal)??)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The thread panics only if SQLite cannot close the database.
            let _ = thread.join();
        }
    }
}

/// The state of the thread.
struct Worker {
    database: Database,
    /// `None` after a transaction was aborted: the next one begins on a new connection.
    connection: Option<SqliteConnection>,
    /// The file that was at the path when the connection was made.
    file: Option<FileId>,
    ids: Ids,
    commits: Arc<AtomicU64>,
}

impl Worker {
    fn serve(mut self, queue: &Receiver<Box<dyn Request>>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            let end = self.transact(&mut group, queue);
            for request in group {
                request.answer(&end);
            }
        }
    }

    /// Runs the group in one transaction, with the requests that arrive meanwhile.
    fn transact(
        &mut self,
        group: &mut Vec<Box<dyn Request>>,
        queue: &Receiver<Box<dyn Request>>,
    ) -> Result<(), Aborted> {
        // Taken out, so that an aborted transaction leaves neither its connection nor its ids.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = self.database.writer().map_err(Aborted)?;
                self.file = self.database.file_id();
                connection
            }
        };
        self.same_file()?;
        let mut ids = std::mem::replace(&mut self.ids, Ids::new());

        let mut transaction = Transaction::begin(&mut connection, &mut ids).map_err(Aborted)?;
        let begun = Instant::now();
        for request in &mut *group {
            request.run(&mut transaction)?;
        }
        while begun.elapsed() < OPEN_FOR
            && let Ok(mut request) = queue.try_recv()
        {
            let run = request.run(&mut transaction);
            group.push(request);
            run?;
        }
        transaction.commit()?;
        self.same_file()?;

        self.commits.fetch_add(1, Ordering::Relaxed);
        self.connection = Some(connection);
        self.ids = ids;
        Ok(())
    }

    /// Fails if the file was deleted or replaced: a write to it must not be acknowledged.
    fn same_file(&self) -> Result<(), Aborted> {
        if self.database.file_id() == self.file && self.file.is_some() {
            return Ok(());
        }
        Err(Aborted(StoreError::unavailable("the database file was deleted or replaced").into()))
    }
}

/// A request, without the types of its work and result.
trait Request: Send {
    /// Runs the work inside the transaction.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), Aborted>;

    /// Sends the result to the caller after the transaction has ended.
    fn answer(self: Box<Self>, end: &Result<(), Aborted>);
}

struct Pending<W, T> {
    work: Option<W>,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<W, T> Request for Pending<W, T>
where
    W: FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), Aborted> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(transaction.savepoint(work)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: &Result<(), Aborted>) {
        let answer = match (end, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::internal("the writer skipped a request").into()),
            (Err(Aborted(failure)), _) => Err(failure.clone()),
        };
        // The caller may have gone away.
        let _ = self.reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use contacts_application::ports::StoreErrorKind;
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::*;
    use crate::connect::SqliteOptions;
    use crate::schema::contact;
    use crate::testing::{file, persons};

    fn count(database: &Database) -> i64 {
        contact::table.count().get_result(&mut database.reader().unwrap()).unwrap()
    }

    /// Polls the request once, which puts it in the queue.
    fn enqueue<T>(request: impl Future<Output = T>) -> impl Future<Output = T> {
        let mut request = Box::pin(request);
        let polled = request.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        request
    }

    #[tokio::test]
    async fn waiting_requests_share_one_commit() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        // Another process writes, so the requests wait.
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let waiting: Vec<_> = ["A", "B", "C"]
            .map(|key| {
                let batch = persons(&[(key, "Abt")]);
                enqueue(writer.write(move |transaction| transaction.run(&batch)))
            })
            .into();
        assert_eq!(writer.commits(), 0);
        other.batch_execute("COMMIT").unwrap();
        for request in waiting {
            assert_eq!(request.await.unwrap().len(), 1);
        }
        assert_eq!((writer.commits(), count(&database)), (1, 3));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn write_to_replaced_file_is_not_acknowledged() {
        let (directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let write = |key| {
            let batch = persons(&[(key, "Abt")]);
            writer.write(move |transaction| transaction.run(&batch))
        };
        write("A").await.unwrap();
        let path = database.path().to_owned();
        let aside = directory.path().join("aside.db");
        std::fs::rename(&path, &aside).unwrap();
        for key in ["B", "C"] {
            assert_eq!(write(key).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        }
        std::fs::rename(&aside, &path).unwrap();
        write("D").await.unwrap();
        assert_eq!(count(&database), 2, "the writer recovers by itself");
    }

    #[tokio::test]
    async fn panicking_request_fails_alone() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let panicked = writer.write(|_| -> Result<(), Failure> { panic!("a fault") }).await;
        assert_eq!(panicked.unwrap_err().kind(), StoreErrorKind::Internal);

        let batch = persons(&[("A", "Abt")]);
        writer.write(move |transaction| transaction.run(&batch)).await.unwrap();
        assert_eq!(count(&database), 1);
    }

    #[tokio::test]
    async fn request_beyond_the_queue_is_contention() {
        let options = SqliteOptions { waiting_requests: 1, ..SqliteOptions::default() };
        let (_directory, database) = file(options);
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();

        // The writer may hold one request, and one waits.
        let mut waiting = Vec::new();
        let refused = loop {
            let mut request = pin!(writer.write(|_| Ok(())));
            match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => break answer,
                Poll::Pending => waiting.push(()),
            }
        };
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Contention);
        assert!(waiting.len() <= 2, "{} wait", waiting.len());
        other.batch_execute("COMMIT").unwrap();
    }

    #[tokio::test]
    async fn busy_other_process_is_contention_once() {
        let options = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
        let (_directory, database) = file(options);
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let refused = writer.write(|_| Ok(())).await;
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Contention);
        other.batch_execute("COMMIT").unwrap();
        writer.write(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn aborted_transaction_fails_all_its_requests() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let batch = persons(&[("A", "Abt")]);
        let first = enqueue(writer.write(move |transaction| transaction.run(&batch)));
        // This request ends the transaction of both.
        let second = enqueue(writer.write(|transaction| {
            transaction.connection.batch_execute("ROLLBACK")?;
            Ok(())
        }));
        other.batch_execute("COMMIT").unwrap();
        assert!(first.await.is_err() && second.await.is_err());
        assert_eq!((writer.commits(), count(&database)), (0, 0));

        let batch = persons(&[("B", "Bär")]);
        writer.write(move |transaction| transaction.run(&batch)).await.unwrap();
        assert_eq!((writer.commits(), count(&database)), (1, 1));
    }

    #[tokio::test]
    async fn dropped_writer_writes_waiting_requests() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        for key in ["A", "B", "C"] {
            let batch = persons(&[(key, "Abt")]);
            drop(enqueue(writer.write(move |transaction| transaction.run(&batch))));
        }
        other.batch_execute("COMMIT").unwrap();
        drop(writer);
        assert_eq!(count(&database), 3);
    }
}
