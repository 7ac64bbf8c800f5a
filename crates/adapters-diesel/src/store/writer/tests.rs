//! Tests of the writer.

use std::error::Error;
use std::future::Future;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use contacts_application::ports::StoreErrorKind;
use contacts_domain::OrganizationId;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::*;
use crate::connect::{CHECKPOINT_PAGES, MAX_LOG_PAGES, SqliteOptions};
use crate::schema::contact;
use crate::store::write_batch;
use crate::testing::{file, persons};

fn start(database: &Database) -> Writer {
    let readers = || Readers::new(database, 1);
    Writer::start(database, [readers(), readers()]).unwrap()
}

fn count(database: &Database) -> i64 {
    contact::table.count().get_result(&mut database.reader().unwrap()).unwrap()
}

async fn join_all<T>(requests: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut answers = Vec::new();
    let requests: Vec<_> = requests.into_iter().map(enqueue).collect();
    for request in requests {
        answers.push(request.await);
    }
    answers
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
    let writer = start(&database);
    let mut other = database.writer().unwrap();

    // Another process writes, so the requests wait.
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = ["A", "B", "C"]
        .map(|key| {
            let batch = persons(&[(key, "Abt")]);
            enqueue(writer.write(None, move |transaction| transaction.run(&batch)))
        })
        .into();
    assert_eq!(writer.commits(), 0);
    other.batch_execute("COMMIT").unwrap();
    for request in waiting {
        assert_eq!(request.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!((writer.commits(), count(&database)), (1, 3));
}

#[cfg(unix)]
#[tokio::test]
async fn write_to_replaced_file_is_not_acknowledged() {
    let (directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let write = |key| {
        let batch = persons(&[(key, "Abt")]);
        writer.write(None, move |transaction| transaction.run(&batch))
    };
    write("A").await.unwrap().unwrap();
    let path = database.path().to_owned();
    let aside = directory.path().join("aside.db");
    std::fs::rename(&path, &aside).unwrap();
    for key in ["B", "C"] {
        assert_eq!(write(key).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    std::fs::rename(&aside, &path).unwrap();
    write("D").await.unwrap().unwrap();
    assert_eq!(count(&database), 2, "the writer recovers by itself");
}

#[tokio::test]
async fn panicking_request_fails_alone() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let panicked = writer.write(None, |_| -> Result<(), Failure> { panic!("a fault") }).await;
    assert_eq!(panicked.unwrap_err().kind(), StoreErrorKind::Internal);

    let batch = persons(&[("A", "Abt")]);
    writer.write(None, move |transaction| transaction.run(&batch)).await.unwrap().unwrap();
    assert_eq!(count(&database), 1);
}

#[tokio::test]
async fn request_beyond_the_queue_is_contention() {
    let options = SqliteOptions { waiting_requests: 1, ..SqliteOptions::default() };
    let (_directory, database) = file(options);
    let writer = start(&database);
    let mut other = database.writer().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    // The writer may hold one request, and one waits.
    let mut waiting = Vec::new();
    let refused = loop {
        let mut request = Box::pin(writer.write(None, |_| Ok(())));
        match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => break answer,
            Poll::Pending => waiting.push(request),
        }
    };
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Contention);
    assert!(waiting.len() <= 2, "{} wait", waiting.len());
    other.batch_execute("COMMIT").unwrap();
}

#[tokio::test]
async fn aborted_transaction_fails_all_its_requests() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let mut other = database.writer().unwrap();

    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let batch = persons(&[("A", "Abt")]);
    let first = enqueue(writer.write(None, move |transaction| transaction.run(&batch)));
    // This request ends the transaction of both.
    let second = enqueue(writer.write(None, |transaction| {
        transaction.connection.batch_execute("ROLLBACK")?;
        Ok(())
    }));
    other.batch_execute("COMMIT").unwrap();
    assert!(first.await.is_err() && second.await.is_err());
    assert_eq!((writer.commits(), count(&database)), (0, 0));

    let batch = persons(&[("B", "Bär")]);
    writer.write(None, move |transaction| transaction.run(&batch)).await.unwrap().unwrap();
    assert_eq!((writer.commits(), count(&database)), (1, 1));
}

#[tokio::test]
async fn request_of_gone_caller_does_not_run() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let mut other = database.writer().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let write = |key| {
        let batch = persons(&[(key, "Abt")]);
        enqueue(writer.write(None, move |transaction| transaction.run(&batch)))
    };
    drop(write("A"));
    let waiting = write("B");
    drop(write("C"));
    other.batch_execute("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!((writer.commits(), count(&database)), (1, 1));
}

#[tokio::test]
async fn other_process_delays_all_requests_once() {
    let options =
        SqliteOptions { busy_timeout: Duration::from_millis(200), ..SqliteOptions::default() };
    let (_directory, database) = file(options);
    let writer = start(&database);
    let mut other = database.writer().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let refused = join_all((0..4).map(|_| writer.write(None, |_| Ok(())))).await;
    // The writer answers the first one or none: each attempt at a transaction takes the whole time.
    for refused in refused.into_iter().skip(1) {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Contention);
        let cause = error.source().unwrap().to_string();
        assert_eq!(cause, "the request has waited 0.2 s to be written");
    }
    other.batch_execute("COMMIT").unwrap();
    writer.write(None, |_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn small_request_waits_for_one_of_another_organization() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let mut other = database.writer().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let order = Arc::new(Mutex::new(Vec::new()));
    let write = |organization, name: &'static str| {
        let order = Arc::clone(&order);
        enqueue(writer.write(OrganizationId::new(organization), move |_| {
            order.lock().unwrap().push(name);
            Ok(())
        }))
    };
    let waiting = [
        write(1, "large 1"),
        write(1, "large 2"),
        write(1, "large 3"),
        write(1, "large 4"),
        write(2, "small"),
    ];
    other.batch_execute("COMMIT").unwrap();
    join_all(waiting).await;
    // The writer took the first one before the small one came.
    let order = order.lock().unwrap();
    let place = order.iter().position(|name| *name == "small").unwrap();
    assert!(place <= 2, "{order:?}");
}

#[tokio::test]
async fn writes_of_another_process_are_noticed() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let present = || {
        let history = Arc::clone(writer.history());
        writer.write(None, move |_| Ok(history.present()))
    };
    let start = present().await.unwrap();
    assert_eq!(present().await.unwrap(), start);
    write_batch(&mut database.writer().unwrap(), &persons(&[("A", "Abt")]));
    assert_ne!(present().await.unwrap(), start);
}

#[cfg(unix)]
#[tokio::test]
async fn idle_writer_notices_a_removed_log() {
    let (directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let batch = persons(&[("A", "Abt")]);
    writer.write(None, move |transaction| transaction.run(&batch)).await.unwrap().unwrap();
    let log = directory.path().join("test.db-wal");
    std::fs::remove_file(&log).unwrap();

    // It copies the log into the database and closes it, so SQLite removes the index.
    let index = directory.path().join("test.db-shm");
    while index.exists() {
        thread::yield_now();
    }
    assert_eq!(count(&database), 1);
}

#[tokio::test]
async fn log_begins_anew_while_the_writer_is_busy() {
    let (_directory, database) = file(SqliteOptions::default());
    let writer = start(&database);
    let mut reader = database.reader().unwrap();
    let mut pages = || checkpoint(&mut reader, "NOOP").unwrap().pages;
    let (mut last, mut number) = (0, 0);
    // The thread copies the log at its own pace.
    loop {
        let batch = persons(&[(&number.to_string(), "Abt")]);
        writer.write(None, move |transaction| transaction.run(&batch)).await.unwrap().unwrap();
        let present = pages();
        if present < last {
            break;
        }
        (last, number) = (present, number + 1);
    }
    assert!((CHECKPOINT_PAGES..MAX_LOG_PAGES).contains(&last), "{last} pages");
}
