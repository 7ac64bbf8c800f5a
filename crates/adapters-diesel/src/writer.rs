//! The one writer: a thread that owns its connection and groups commits.
//!
//! A commit waits for the disk, and that takes longer than the writes of a small request. So the
//! requests that wait while a transaction runs go into the next one together: one savepoint each,
//! a later one seeing the earlier, and one commit before all of them are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use contacts_application::ports::StoreError;
use diesel::SqliteConnection;
use tokio::sync::oneshot;

use super::database::{Database, Identity};
use super::failure::Failure;
use super::ids::Ids;
use super::transaction::{Lost, Session};

/// How long a transaction takes further requests in, so that its first does not wait for long.
/// Tests do not depend on the speed of the machine.
const OPEN_FOR: Duration =
    if cfg!(test) { Duration::from_secs(3_600) } else { Duration::from_millis(20) };

/// Hands requests over to the writer. Dropping it ends the writer when all of them are answered.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the writer on a connection of its own.
    ///
    /// # Errors
    ///
    /// When it cannot connect.
    pub(super) fn start(database: &Database) -> Result<Self, Failure> {
        let (sender, queue) = sync_channel(database.options.waiting_requests);
        let commits = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            database: database.clone(),
            connection: Some(database.writer()?),
            file: database.identity(),
            ids: Ids::new(),
            commits: Arc::clone(&commits),
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || worker.serve(&queue))
            .map_err(Failure::internal)?;
        Ok(Self { queue: Some(sender), thread: Some(thread), commits })
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Has the work done in a transaction, and answers when that is durable.
    ///
    /// # Errors
    ///
    /// When too many requests wait, the work fails, or the transaction does.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ended = || Failure::internal("the writer has ended");
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Pending { work: Some(work), outcome: None, reply });
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Failure::contention("too many requests wait to write"),
            TrySendError::Disconnected(_) => ended(),
        })?;
        Ok(answer.await.map_err(Failure::internal)??)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It panics only if SQLite cannot close the database, and then nothing is left to do.
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Worker {
    database: Database,
    /// `None` after a transaction was lost: the next one begins on a new connection.
    connection: Option<SqliteConnection>,
    /// The file that the connection is to.
    file: Option<Identity>,
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

    /// Does the work of the group, and of the requests that come along meanwhile.
    fn transact(
        &mut self,
        group: &mut Vec<Box<dyn Request>>,
        queue: &Receiver<Box<dyn Request>>,
    ) -> Result<(), Lost> {
        // What a lost transaction leaves is not used again, neither its connection nor its ids.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = self.database.writer().map_err(Lost)?;
                self.file = self.database.identity();
                connection
            }
        };
        self.same_file()?;
        let mut ids = std::mem::replace(&mut self.ids, Ids::new());

        let mut session = Session::begin(&mut connection, &mut ids).map_err(Lost)?;
        let begun = Instant::now();
        for request in &mut *group {
            request.run(&mut session)?;
        }
        while begun.elapsed() < OPEN_FOR
            && let Ok(mut request) = queue.try_recv()
        {
            let run = request.run(&mut session);
            group.push(request);
            run?;
        }
        session.commit()?;
        self.same_file()?;

        self.commits.fetch_add(1, Ordering::Relaxed);
        self.connection = Some(connection);
        self.ids = ids;
        Ok(())
    }
}

impl Worker {
    /// Nothing is acknowledged that went into a file which was deleted or replaced meanwhile.
    fn same_file(&self) -> Result<(), Lost> {
        if self.database.identity() == self.file && self.file.is_some() {
            return Ok(());
        }
        Err(Lost(Failure::unavailable("the database file was deleted or replaced")))
    }
}

/// A request, whatever it works on and answers.
trait Request: Send {
    /// Does the work inside the transaction.
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Lost>;

    /// Tells the caller, now that the transaction has come to its end.
    fn answer(self: Box<Self>, end: &Result<(), Lost>);
}

struct Pending<W, T> {
    work: Option<W>,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<W, T> Request for Pending<W, T>
where
    W: FnOnce(&mut Session<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Lost> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(session.attempt(work)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: &Result<(), Lost>) {
        let answer = match (end, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Failure::internal("the writer left a request out")),
            (Err(Lost(failure)), _) => Err(failure.clone()),
        };
        // A caller that went away has no use for the answer.
        let _ = self.reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::*;
    use crate::failure::Kind;
    use crate::options::SqliteOptions;
    use crate::schema::contact;
    use crate::testing::{file, persons};

    fn count(database: &Database) -> i64 {
        contact::table.count().get_result(&mut database.reader().unwrap()).unwrap()
    }

    /// Hands the request over, which happens as soon as it is first asked how far it is.
    fn hand_over<T>(request: impl Future<Output = T>) -> impl Future<Output = T> {
        let mut request = Box::pin(request);
        let asked = request.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(asked.is_pending());
        request
    }

    #[tokio::test]
    async fn requests_that_wait_share_one_commit() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        // Another process writes, so whatever comes waits.
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let waiting: Vec<_> = ["A", "B", "C"]
            .map(|key| {
                let batch = persons(&[(key, "Abt")]);
                hand_over(writer.write(move |session| session.run(&batch)))
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
    async fn nothing_is_acknowledged_that_goes_into_a_deleted_file() {
        let (directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let write = |key| {
            let batch = persons(&[(key, "Abt")]);
            writer.write(move |session| session.run(&batch))
        };
        write("A").await.unwrap();
        let path = database.path().to_owned();
        let aside = directory.path().join("aside.db");
        std::fs::rename(&path, &aside).unwrap();
        for key in ["B", "C"] {
            assert_eq!(write(key).await.unwrap_err().kind(), Kind::Unavailable);
        }
        std::fs::rename(&aside, &path).unwrap();
        write("D").await.unwrap();
        assert_eq!(count(&database), 2, "service comes back by itself");
    }

    #[tokio::test]
    async fn a_request_that_panics_hurts_only_itself() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let panicked = writer.write(|_| -> Result<(), Failure> { panic!("a fault") }).await;
        assert_eq!(panicked.unwrap_err().kind(), Kind::Internal);

        let batch = persons(&[("A", "Abt")]);
        writer.write(move |session| session.run(&batch)).await.unwrap();
        assert_eq!(count(&database), 1);
    }

    #[tokio::test]
    async fn a_request_too_many_is_turned_away_at_once() {
        let options = SqliteOptions { waiting_requests: 1, ..SqliteOptions::default() };
        let (_directory, database) = file(options);
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();

        // One may be in the hands of the writer, and one waits.
        let mut waiting = Vec::new();
        let turned_away = loop {
            let mut request = pin!(writer.write(|_| Ok(())));
            match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => break answer,
                Poll::Pending => waiting.push(()),
            }
        };
        assert_eq!(turned_away.unwrap_err().kind(), Kind::Contention);
        assert!(waiting.len() <= 2, "{} wait", waiting.len());
        other.batch_execute("COMMIT").unwrap();
    }

    #[tokio::test]
    async fn another_process_that_writes_for_too_long_is_contention_and_no_end() {
        let options = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
        let (_directory, database) = file(options);
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let refused = writer.write(|_| Ok(())).await;
        assert_eq!(refused.unwrap_err().kind(), Kind::Contention);
        other.batch_execute("COMMIT").unwrap();
        writer.write(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_lost_transaction_is_told_to_all_of_it() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();

        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let batch = persons(&[("A", "Abt")]);
        let first = hand_over(writer.write(move |session| session.run(&batch)));
        // Whatever ends the transaction: here it is a request.
        let second = hand_over(writer.write(|session| {
            session.connection.batch_execute("ROLLBACK")?;
            Ok(())
        }));
        other.batch_execute("COMMIT").unwrap();
        assert!(first.await.is_err() && second.await.is_err());
        assert_eq!((writer.commits(), count(&database)), (0, 0));

        let batch = persons(&[("B", "Bär")]);
        writer.write(move |session| session.run(&batch)).await.unwrap();
        assert_eq!((writer.commits(), count(&database)), (1, 1));
    }

    #[tokio::test]
    async fn what_waits_when_the_store_is_dropped_is_written() {
        let (_directory, database) = file(SqliteOptions::default());
        let writer = Writer::start(&database).unwrap();
        let mut other = database.writer().unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        for key in ["A", "B", "C"] {
            let batch = persons(&[(key, "Abt")]);
            drop(hand_over(writer.write(move |session| session.run(&batch))));
        }
        other.batch_execute("COMMIT").unwrap();
        drop(writer);
        assert_eq!(count(&database), 3);
    }
}
