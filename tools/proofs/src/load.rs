//! Concurrent writers. Each sends its batches one after the other, and sends a batch without an
//! answer again until it is answered.

mod plan;
mod private;
mod progress;

use std::io::ErrorKind;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail, ensure};
use proofs::history::{self, Delivery, History, Item, read_reply};
use serde_json::Value;
use server_process::client::{Connection, Prepared, is_timeout};

use self::plan::{Author, Registry};
pub(crate) use self::plan::{Kind, Plan};
use self::private::Private;
pub(crate) use self::progress::Progress;
use crate::database::Database;
use crate::site::Site;

/// The path of batches.
pub(crate) const BATCH: &str = "/api-v1/contact/batch";

/// The limit for a request, and for a batch until it is acknowledged.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a writer waits before it sends a batch again.
const PAUSE: Duration = Duration::from_millis(20);

/// Writers and what they write to.
pub(crate) struct Load<'a> {
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    pub(crate) site: &'a Site,
    /// Whether a request may be answered 503 with `Retry-After`.
    pub(crate) may_be_unavailable: bool,
    /// Whether a connection may break, because a server is killed.
    pub(crate) may_break: bool,
    /// Read after a request without an answer, to check that it was not stored in part.
    pub(crate) witness: Option<&'a Database>,
}

impl<'a> Load<'a> {
    /// Writers whose requests have to be answered 200.
    pub(crate) fn new(site: &'a Site, plan: Plan, seed: u64) -> Self {
        Self { plan, seed, site, may_be_unavailable: false, may_break: false, witness: None }
    }

    /// Runs the writers while something else is done; after that, each finishes its batch. Fails if a
    /// writer gets a wrong answer.
    pub(crate) fn run(&self, meanwhile: impl FnOnce(&Progress) -> Result<()>) -> Result<History> {
        let registry = Registry::default();
        let start = Barrier::new(usize::from(self.plan.writers));
        let write = |number, progress: &Progress| {
            self.write(self.plan.first_writer + number, &registry, progress, &start)
        };
        let delivered = side_by_side(self.plan.writers, write, meanwhile)?;
        Ok(History { deliveries: delivered.into_iter().flatten().collect() })
    }

    fn write(
        &self,
        writer: u16,
        registry: &Registry,
        progress: &Progress,
        start: &Barrier,
    ) -> Result<Vec<Delivery>> {
        let mut author = Author::new(&self.plan, registry, writer, self.seed);
        let server = usize::from(writer);
        let mut sender = Sender { load: self, progress, server, connection: None };
        let mut private = Private::new(&self.plan);
        let mut deliveries = Vec::new();
        start.wait();
        loop {
            let delivery = sender.deliver(writer, author.batch(), &private)?;
            private.learn(&delivery)?;
            registry.learn(delivery.items.iter().map(|(_, verdict)| verdict));
            deliveries.push(delivery);
            if self.plan.kind == Kind::Once || progress.is_over() {
                return Ok(deliveries);
            }
        }
    }
}

/// Runs that many threads while something else is done. They have to end once the progress is over:
/// when that is done, or one of them fails.
pub(crate) fn side_by_side<T: Send>(
    threads: u16,
    run: impl Fn(u16, &Progress) -> Result<T> + Sync,
    meanwhile: impl FnOnce(&Progress) -> Result<()>,
) -> Result<Vec<T>> {
    let (progress, run) = (&Progress::default(), &run);
    thread::scope(|scope| {
        let threads = (0..threads).map(|number| {
            scope.spawn(move || {
                let done = run(number, progress);
                if done.is_err() {
                    progress.end();
                }
                done
            })
        });
        let threads = threads.collect::<Vec<_>>();
        let done = meanwhile(progress);
        progress.end();
        // A counter-example of a thread explains more than its consequences.
        let results = threads.into_iter().map(join).collect::<Result<Vec<_>>>();
        results.and_then(|results| done.map(|()| results))
    })
}

/// Waits for a thread.
pub(crate) fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked")))
}

/// The connection of a writer.
struct Sender<'a> {
    load: &'a Load<'a>,
    progress: &'a Progress,
    /// The server that it connects to, unless that one is down.
    server: usize,
    connection: Option<Connection>,
}

/// How a request ended.
enum End {
    Answered(Vec<u8>),
    /// It may have been stored, or not.
    InDoubt,
    /// It was not sent.
    Unsent,
}

impl Sender<'_> {
    fn deliver(&mut self, writer: u16, items: Vec<Item>, private: &Private) -> Result<Delivery> {
        let Load { site, witness, .. } = self.load;
        let request = Prepared::post(BATCH, site.token(), &history::body(&items));
        let sent = Instant::now();
        let mut doubts = 0;
        while sent.elapsed() < LIMIT {
            match self.send(&request)? {
                End::Answered(body) => {
                    let answered = Instant::now();
                    self.progress.acknowledge();
                    let verdicts = read_reply(&body, items.len())?;
                    let items = items.into_iter().zip(verdicts).collect();
                    return Ok(Delivery { writer, sent, answered, doubts, items });
                }
                End::InDoubt => {
                    doubts += 1;
                    if let Some(database) = witness {
                        // A server has to be up: it repairs what the killed one left.
                        site.addresses.find(self.server, LIMIT)?;
                        private.check_whole(&items, &database.rows()?)?;
                    }
                }
                End::Unsent => {}
            }
            thread::sleep(PAUSE);
        }
        bail!("a batch was not acknowledged within {LIMIT:?}")
    }

    fn send(&mut self, request: &Prepared) -> Result<End> {
        let Load { site, may_be_unavailable, may_break, .. } = self.load;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let address = site.addresses.find(self.server, LIMIT)?;
                match Connection::open_within(address, LIMIT) {
                    Err(_) if *may_break => {
                        self.server += 1;
                        return Ok(End::Unsent);
                    }
                    opened => opened?,
                }
            }
        };
        let sent = Instant::now();
        match connection.send(request) {
            Ok(answer) => {
                let end = match answer.status {
                    200 => End::Answered(answer.body.to_vec()),
                    503 if *may_be_unavailable => {
                        check_problem(answer.retry_after, answer.body)?;
                        self.progress.refuse(sent.elapsed());
                        End::InDoubt
                    }
                    status => {
                        let body = String::from_utf8_lossy(answer.body);
                        bail!("the answer to a batch is {status}: {body}");
                    }
                };
                self.connection = Some(connection);
                Ok(end)
            }
            Err(error) if is_timeout(&error) => bail!("no answer to a batch within {LIMIT:?}"),
            Err(error) if *may_break && error.kind() != ErrorKind::InvalidData => {
                self.server += 1;
                Ok(End::InDoubt)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Checks that a 503 has `Retry-After` and the request id, and no cause.
pub(crate) fn check_problem(retry_after: Option<u64>, body: &[u8]) -> Result<()> {
    let problem: Value = serde_json::from_slice(body)?;
    let detail = problem.get("detail").and_then(Value::as_str);
    ensure!(
        retry_after.is_some_and(|seconds| seconds > 0)
            && problem.get("requestId").is_some_and(Value::is_string)
            && detail == Some("sending the request again later is safe"),
        "503 with Retry-After {retry_after:?}: {problem}"
    );
    Ok(())
}
