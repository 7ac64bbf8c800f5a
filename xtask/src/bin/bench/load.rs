//! Requests that were made beforehand, sent over a number of connections; answers that are looked
//! at afterwards. Only what lies between is measured.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;
use xtask::client::Prepared;
use xtask::hub::Hub;

use crate::measured::Sample;
use crate::meter::Meter;

/// A request, and what has to be answered.
pub(crate) struct Request<E> {
    pub(crate) bytes: Prepared,
    pub(crate) expected: E,
}

/// What has to be answered.
pub(crate) trait Expected: Sync {
    /// How many contacts the request is about.
    fn contacts(&self) -> usize;

    /// # Errors
    ///
    /// When something else was answered.
    fn verify(&self, status: u16, body: &[u8]) -> Result<(), Failure>;
}

/// What one connection has seen.
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

/// Sends the requests over that many connections, each its share in turn. The clock runs from the
/// first byte that any connection sends to the last that any receives.
///
/// # Errors
///
/// When the server does not answer, or something that was not expected.
pub(crate) fn send<E: Expected>(
    hub: &Hub,
    database: Option<u32>,
    requests: &[Request<E>],
    connections: u32,
) -> Result<Sample, Failure> {
    let meter = Meter { server: Some(hub.process_id()), database };
    let lanes = usize::try_from(connections).unwrap_or(1);
    let barrier = Barrier::new(lanes);
    let before = meter.read();
    let lanes = thread::scope(|scope| {
        let workers = (0..lanes).map(|lane| {
            let barrier = &barrier;
            scope.spawn(move || drive(hub, barrier, requests.iter().skip(lane).step_by(lanes)))
        });
        let workers = workers.collect::<Vec<_>>();
        let lanes = workers.into_iter().map(|worker| {
            worker.join().unwrap_or_else(|_| Err(Failure::Server("a worker panicked".to_owned())))
        });
        lanes.collect::<Result<Vec<_>, _>>()
    })?;
    let work = meter.read().zip(before).map(|(after, before)| after.since(&before));
    let elapsed = elapsed(lanes.iter().map(|lane| (lane.began, lane.ended)));

    let mut contacts = 0;
    let mut latencies = Vec::new();
    for answer in lanes.into_iter().flat_map(|lane| lane.answers) {
        answer.expected.verify(answer.status, &answer.body)?;
        contacts += answer.expected.contacts();
        latencies.push(answer.latency);
    }
    Ok(Sample::new(u32::try_from(contacts).unwrap_or(u32::MAX), elapsed, latencies, work))
}

/// From the earliest beginning to the latest end.
pub(crate) fn elapsed(lanes: impl Iterator<Item = (Instant, Instant)>) -> Duration {
    let lanes = lanes.reduce(|(began, ended), lane| (began.min(lane.0), ended.max(lane.1)));
    lanes.map_or(Duration::ZERO, |(began, ended)| ended.duration_since(began))
}

fn drive<'a, E>(
    hub: &Hub,
    barrier: &Barrier,
    requests: impl Iterator<Item = &'a Request<E>>,
) -> Result<Lane<'a, E>, Failure> {
    let connection = hub.connect();
    let mut answers = Vec::new();
    // Also by one that could not connect: the others would wait for it for ever.
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

/// A fault that says what was answered instead.
pub(crate) fn wrong<T>(what: &str) -> Result<T, Failure> {
    Err(Failure::Server(format!("a wrong answer: {what}")))
}
