//! Sends requests that were prepared before over several connections, and checks the answers after.
//! Only the time between is measured.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use server_process::ServerProcess;
use server_process::client::Prepared;

use crate::measured::Sample;
use crate::meter::Meter;

/// A request, and its expected answer.
pub(crate) struct Request<E> {
    pub(crate) bytes: Prepared,
    pub(crate) expected: E,
}

/// An expected answer.
pub(crate) trait Expected: Sync {
    /// How many contacts the request is about.
    fn contacts(&self) -> usize;

    /// Checks an answer.
    fn verify(&self, status: u16, body: &[u8]) -> Result<()>;
}

/// The answers to one connection.
struct Lane<'a, E> {
    began: Instant,
    ended: Instant,
    answers: Vec<Answer<'a, E>>,
}

struct Answer<'a, E> {
    expected: &'a E,
    latency: Duration,
    status: u16,
    body: Vec<u8>,
}

/// How long a load rests before the server indexes the words of its contacts, and a second for a metric
/// that counts whole ones.
const REST: Duration = Duration::from_secs(3);

/// Waits until the server has indexed the words of what it was sent, which it does after a load and not
/// within it: the next requests are not measured together with that.
pub(crate) fn rest(server: &ServerProcess) -> Result<()> {
    let metrics = Prepared::get("/metrics", server.token());
    thread::sleep(REST);
    loop {
        let mut connection = server.connect()?;
        let answer = String::from_utf8_lossy(connection.send(&metrics)?.body).into_owned();
        let lag =
            answer.lines().find_map(|line| line.strip_prefix("contact_hub_search_lag_seconds "));
        if lag.context("the metrics do not tell how far the index is behind")? == "0" {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Sends the requests over that many connections. The time is from the first byte that any connection
/// sends to the last byte that any receives.
pub(crate) fn send<E: Expected>(
    server: &ServerProcess,
    database: Option<u32>,
    requests: &[Request<E>],
    connections: u32,
) -> Result<Sample> {
    let meter = Meter { server: Some(server.id()), database };
    let lanes = usize::try_from(connections).unwrap_or(1);
    let barrier = Barrier::new(lanes);
    let before = meter.read();
    let lanes = thread::scope(|scope| {
        let workers = (0..lanes).map(|lane| {
            let barrier = &barrier;
            scope.spawn(move || drive(server, barrier, requests.iter().skip(lane).step_by(lanes)))
        });
        let workers = workers.collect::<Vec<_>>();
        let lanes = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| bail!("a thread panicked")));
        lanes.collect::<Result<Vec<_>, _>>()
    })?;
    let work = meter.read().zip(before).map(|(after, before)| after.since(&before));
    let elapsed = elapsed(lanes.iter().map(|lane| (lane.began, lane.ended)));

    let mut contacts = 0;
    let mut latencies = Vec::new();
    for answer in lanes.into_iter().flat_map(|lane| lane.answers) {
        answer.expected.verify(answer.status, &answer.body).context("a wrong answer")?;
        contacts += answer.expected.contacts();
        latencies.push(answer.latency);
    }
    Ok(Sample::new(u32::try_from(contacts).unwrap_or(u32::MAX), elapsed, latencies, work))
}

/// The time from the earliest start to the latest end.
pub(crate) fn elapsed(lanes: impl Iterator<Item = (Instant, Instant)>) -> Duration {
    let lanes = lanes.reduce(|(began, ended), lane| (began.min(lane.0), ended.max(lane.1)));
    lanes.map_or(Duration::ZERO, |(began, ended)| ended.duration_since(began))
}

fn drive<'a, E>(
    server: &ServerProcess,
    barrier: &Barrier,
    requests: impl Iterator<Item = &'a Request<E>>,
) -> Result<Lane<'a, E>> {
    let connection = server.connect();
    let mut answers = Vec::new();
    // After a failure, too, because the others wait.
    barrier.wait();
    let mut connection = connection?;
    let began = Instant::now();
    for Request { bytes, expected } in requests {
        let start = Instant::now();
        let answer = connection.send(bytes)?;
        let (status, body) = (answer.status, answer.body.to_vec());
        answers.push(Answer { expected, latency: start.elapsed(), status, body });
    }
    Ok(Lane { began, ended: Instant::now(), answers })
}
