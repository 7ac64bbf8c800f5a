//! Many writers at once: each sends its batches one after the other, and a batch that got no answer
//! again, until it has one.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::Failure;
use xtask::client::{Connection, Prepared};

use crate::database::Database;
use crate::doors::Doors;
use crate::history::{Delivery, History};
use crate::item::{self, Item};
use crate::plan::{Author, Kind, Plan, Registry};
use crate::private::Private;
use crate::progress::Progress;
use crate::reply;

pub(crate) const BATCH: &str = "/api-v1/contact/batch";

/// A request that takes longer hangs; so does a batch that is not acknowledged for so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a writer waits before it sends a batch again.
const PAUSE: Duration = Duration::from_millis(20);

/// What may go wrong with a request, so that it is sent again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    /// It may be answered 503 with `Retry-After`.
    pub(crate) unavailable: bool,
    /// The connection may break, because a server is killed.
    pub(crate) broken: bool,
}

/// Writers and what they write to.
pub(crate) struct Load<'a> {
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    pub(crate) doors: &'a Doors,
    pub(crate) token: &'a str,
    pub(crate) tolerance: Tolerance,
    /// Where to look, after a request without an answer, whether it was stored in part.
    pub(crate) witness: Option<&'a Database>,
}

impl Load<'_> {
    /// Lets the writers write while something else is done; when that is done, they finish the
    /// batches that they are about to deliver.
    ///
    /// # Errors
    ///
    /// When a writer is answered what it must not be, or what is done meanwhile fails.
    pub(crate) fn run(
        &self,
        meanwhile: impl FnOnce(&Progress) -> Result<(), Failure>,
    ) -> Result<History, Failure> {
        let registry = Registry::default();
        let progress = Progress::default();
        let start = Barrier::new(usize::from(self.plan.writers));
        let delivered = thread::scope(|scope| {
            let writers = (0..self.plan.writers).map(|number| {
                let (registry, progress, start) = (&registry, &progress, &start);
                let writer = self.plan.first_writer + number;
                scope.spawn(move || {
                    let done = self.write(writer, registry, progress, start);
                    if done.is_err() {
                        progress.end();
                    }
                    done
                })
            });
            let writers = writers.collect::<Vec<_>>();
            let done = meanwhile(&progress);
            progress.end();
            let delivered = writers.into_iter().map(|writer| {
                let panicked = |_| Err(Failure::Server("a writer panicked".to_owned()));
                writer.join().unwrap_or_else(panicked)
            });
            // A writer's counter-example explains more than what it led to.
            let delivered = delivered.collect::<Result<Vec<_>, _>>();
            delivered.and_then(|delivered| done.map(|()| delivered))
        })?;
        Ok(History { deliveries: delivered.into_iter().flatten().collect() })
    }

    fn write(
        &self,
        writer: u16,
        registry: &Registry,
        progress: &Progress,
        start: &Barrier,
    ) -> Result<Vec<Delivery>, Failure> {
        let mut author = Author::new(&self.plan, registry, writer, self.seed);
        let door = usize::from(writer);
        let mut line = Line { load: self, progress, door, connection: None };
        let mut private = Private::of(&self.plan);
        let mut deliveries = Vec::new();
        start.wait();
        loop {
            let delivery = line.deliver(writer, author.batch(), &private)?;
            private.learn(&delivery)?;
            registry.learn(delivery.items.iter().map(|(_, said)| said));
            deliveries.push(delivery);
            if self.plan.kind == Kind::Once || progress.is_over() {
                return Ok(deliveries);
            }
        }
    }
}

/// A writer's connection to whichever server is there.
struct Line<'a> {
    load: &'a Load<'a>,
    progress: &'a Progress,
    /// The server that it turns to: the same one, unless that is down.
    door: usize,
    connection: Option<Connection>,
}

/// How a request ended.
enum End {
    Answered(Vec<u8>),
    /// It may have been stored, or not.
    InDoubt,
    /// It never left.
    Unsent,
}

impl Line<'_> {
    fn deliver(
        &mut self,
        writer: u16,
        items: Vec<Item>,
        private: &Private,
    ) -> Result<Delivery, Failure> {
        let request = Prepared::post(BATCH, self.load.token, &item::body(&items));
        let sent = Instant::now();
        let mut doubts = 0;
        while sent.elapsed() < PATIENCE {
            match self.send(&request)? {
                End::Answered(body) => {
                    let answered = Instant::now();
                    self.progress.acknowledge();
                    let said = reply::read(&body, items.len())?;
                    let items = items.into_iter().zip(said).collect();
                    return Ok(Delivery { writer, sent, answered, doubts, items });
                }
                End::InDoubt => {
                    doubts += 1;
                    if let Some(database) = self.load.witness {
                        // Not before a server is there: it shall mend what the last one left.
                        self.load.doors.find(self.door, PATIENCE)?;
                        private.is_whole(&items, &database.rows()?)?;
                    }
                }
                End::Unsent => {}
            }
            thread::sleep(PAUSE);
        }
        let seconds = PATIENCE.as_secs();
        Err(Failure::Server(format!("a batch was not acknowledged for {seconds} s")))
    }

    fn send(&mut self, request: &Prepared) -> Result<End, Failure> {
        let tolerance = self.load.tolerance;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let address = self.load.doors.find(self.door, PATIENCE)?;
                match Connection::open_within(address, PATIENCE) {
                    Ok(connection) => connection,
                    Err(_) if tolerance.broken => {
                        self.door += 1;
                        return Ok(End::Unsent);
                    }
                    Err(failure) => return Err(failure),
                }
            }
        };
        let sent = Instant::now();
        match connection.send(request) {
            Ok(answer) => {
                let end = match answer.status {
                    200 => End::Answered(answer.body.to_vec()),
                    503 if tolerance.unavailable => {
                        check_problem(answer.retry_after, answer.body)?;
                        self.progress.refuse(sent.elapsed());
                        End::InDoubt
                    }
                    status => {
                        let body = String::from_utf8_lossy(answer.body);
                        return Err(Failure::Server(format!(
                            "a batch was answered {status}: {body}"
                        )));
                    }
                };
                self.connection = Some(connection);
                Ok(end)
            }
            Err(failure) if failure.is_silence() => {
                let seconds = PATIENCE.as_secs();
                Err(Failure::Server(format!("a batch was not answered for {seconds} s")))
            }
            Err(Failure::Io(_)) if tolerance.broken => {
                self.door += 1;
                Ok(End::InDoubt)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// A 503 says when to come again, and under which id the log tells more: nothing else.
pub(crate) fn check_problem(retry_after: Option<u64>, body: &[u8]) -> Result<(), Failure> {
    let problem: Value = serde_json::from_slice(body)?;
    let is_known = problem.get("requestId").is_some_and(Value::is_string);
    let detail = problem.get("detail").and_then(Value::as_str);
    let is_right = retry_after.is_some_and(|seconds| seconds > 0)
        && is_known
        && detail == Some("sending the request again later is safe");
    if is_right {
        return Ok(());
    }
    Err(Failure::Server(format!("503 with Retry-After {retry_after:?}: {problem}")))
}
