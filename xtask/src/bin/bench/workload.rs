//! What is asked of the server, and that it answered right.

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::Failure;
use xtask::client::Prepared;
use xtask::hub::Hub;

use crate::contacts::contact;
use crate::floor;
use crate::report::{Round, Singles};

const BATCH: u32 = 1_000;
const PATH: &str = "/api-v1/contact/batch";

/// Contacts of a mixed batch: of four, one is new, one is unchanged, two are changed.
const MIXED: [Mixed; 4] = [Mixed::New, Mixed::Changed, Mixed::Unchanged, Mixed::Changed];

#[derive(Clone, Copy)]
enum Mixed {
    New,
    Changed,
    Unchanged,
}

/// A request and the version that each of its contacts has afterwards.
struct Request {
    bytes: Prepared,
    versions: Vec<u64>,
}

/// Runs everything once, on new databases.
pub(crate) fn measure(
    program: &Path,
    contacts: u32,
    singles: u32,
    round: &mut Round,
) -> Result<(), Failure> {
    for connections in [1, 4] {
        let folder = tempfile::tempdir()?;
        let hub = Hub::start(program, folder.path())?;
        let token = hub.token().to_owned();
        let phases: [(&str, Vec<Request>); 4] = [
            ("create", batches(contacts, &token, |number| (contact(number, 0), 1))),
            ("unchanged", batches(contacts, &token, |number| (contact(number, 0), 1))),
            ("update", batches(contacts, &token, |number| (contact(number, 1), 2))),
            ("mixed", batches(contacts, &token, |number| mixed(number, contacts))),
        ];
        for (name, requests) in &phases {
            let (elapsed, _) = send(&hub, requests, connections)?;
            let rate = f64::from(contacts) / elapsed.as_secs_f64();
            round.batches.insert((*name, connections), rate);
            if connections == 1 && (*name == "create" || *name == "update") {
                // A copy, because the next phase changes the rows.
                floor::keep(folder.path(), name)?;
            }
        }
        round.saw_memory(hub.peak_memory());
        hub.stop()?;
        if connections == 1 {
            floor::measure(folder.path(), round)?;
        }
    }

    let folder = tempfile::tempdir()?;
    let hub = Hub::start(program, folder.path())?;
    let mut next = 0;
    for connections in [1_u32, 8] {
        let count = singles * connections;
        let requests = (next..next + count).map(|number| {
            let body = format!("[{}]", contact(number, 0));
            Request { bytes: Prepared::post(PATH, hub.token(), &body), versions: vec![1] }
        });
        next += count;
        let requests = requests.collect::<Vec<_>>();
        let (elapsed, latencies) = send(&hub, &requests, connections)?;
        let rate = f64::from(count) / elapsed.as_secs_f64();
        round.singles.insert(connections, Singles::new(rate, latencies));
    }
    round.saw_memory(hub.peak_memory());
    hub.stop()
}

/// The item of that place in a mixed batch.
fn mixed(number: u32, contacts: u32) -> (Value, u64) {
    let place = usize::try_from(number).unwrap_or(0) % MIXED.len();
    match MIXED.get(place).copied().unwrap_or(Mixed::New) {
        Mixed::New => (contact(contacts + number, 0), 1),
        Mixed::Changed => (contact(number, 2), 3),
        Mixed::Unchanged => (contact(number, 1), 2),
    }
}

fn batches(contacts: u32, token: &str, item: impl Fn(u32) -> (Value, u64)) -> Vec<Request> {
    let starts = (0..contacts).step_by(usize::try_from(BATCH).unwrap_or(1));
    let batches = starts.map(|start| {
        let items = start..contacts.min(start + BATCH);
        let (items, versions): (Vec<_>, _) = items.map(&item).unzip();
        let bytes = Prepared::post(PATH, token, &Value::Array(items).to_string());
        Request { bytes, versions }
    });
    batches.collect()
}

/// Sends the requests over that many connections, each its share in turn; how long all of it and
/// each of them took. The answers are looked at when the clock has stopped.
fn send(
    hub: &Hub,
    requests: &[Request],
    connections: u32,
) -> Result<(Duration, Vec<Duration>), Failure> {
    let lanes = usize::try_from(connections).unwrap_or(1);
    let barrier = Barrier::new(lanes + 1);
    let (elapsed, answers) = thread::scope(|scope| {
        let workers = (0..lanes).map(|lane| {
            let barrier = &barrier;
            scope.spawn(move || {
                let connection = hub.connect();
                let mut answers = Vec::new();
                barrier.wait();
                let mut connection = connection?;
                for request in requests.iter().skip(lane).step_by(lanes) {
                    let start = Instant::now();
                    let answer = connection.send(&request.bytes)?;
                    let elapsed = start.elapsed();
                    answers.push((request, elapsed, answer.status, answer.body.to_vec()));
                }
                Ok::<_, Failure>(answers)
            })
        });
        let workers = workers.collect::<Vec<_>>();
        barrier.wait();
        let start = Instant::now();
        let answers = workers.into_iter().map(|worker| {
            worker.join().unwrap_or_else(|_| Err(Failure::Server("a worker panicked".to_owned())))
        });
        let answers = answers.collect::<Result<Vec<_>, _>>();
        (start.elapsed(), answers)
    });
    let mut latencies = Vec::new();
    for (request, latency, status, body) in answers?.into_iter().flatten() {
        verify(request, status, &body)?;
        latencies.push(latency);
    }
    Ok((elapsed, latencies))
}

/// Every contact was accepted and has the version that its verdict leads to.
fn verify(request: &Request, status: u16, body: &[u8]) -> Result<(), Failure> {
    let wrong = |what: String| Err(Failure::Server(format!("a wrong answer: {what}")));
    if status != 200 {
        return wrong(format!("{status} {}", String::from_utf8_lossy(body)));
    }
    let answer: Value = serde_json::from_slice(body)?;
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.len() != request.versions.len() {
        return wrong(format!("{} items for {}", items.len(), request.versions.len()));
    }
    for (item, version) in items.iter().zip(&request.versions) {
        let accepted = item.get("error").and_then(Value::as_bool) == Some(false);
        let found = item.pointer("/freshRow/version").and_then(Value::as_u64);
        if !accepted || found != Some(*version) {
            return wrong(format!("version {version} expected of {item}"));
        }
    }
    Ok(())
}
