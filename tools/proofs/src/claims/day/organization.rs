//! An organization: what its systems send in a day, and what has to be stored in the end.

use std::collections::{BTreeMap, HashMap};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use server_process::client::Prepared;

use super::caller::Caller;
use super::tally::Kind;
use crate::load::{BATCH, Progress};

/// How much an organization has and does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// The batches of its ERP, and of how many contacts each.
    pub(super) batches: usize,
    pub(super) items: usize,
    /// The lines of its CRM.
    pub(super) lines: usize,
    /// The contacts that its people enter.
    pub(super) entered: usize,
}

/// The day, in which an hour is shorter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) start: Instant,
    pub(super) hour: Duration,
}

impl Clock {
    /// Waits until that hour, unless another thread has failed.
    pub(super) fn wait_for(&self, hour: f64, progress: &Progress) {
        let at = self.start + self.hour.mul_f64(hour);
        progress.wait(at.saturating_duration_since(Instant::now()));
    }
}

/// An organization with its token.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) id: i32,
    pub(super) token: String,
    pub(super) size: Size,
}

/// The contact of a system. The second night changes every tenth.
struct Contact {
    system: char,
    number: usize,
    night: usize,
}

impl Contact {
    fn key(&self) -> String {
        format!("{}-{}", self.system, self.number)
    }

    fn changes(&self) -> usize {
        if self.number.is_multiple_of(10) { self.night } else { 0 }
    }

    /// A word of its own, for searches.
    fn last_name(&self) -> String {
        format!("{}{}r{}", self.system, self.number, self.changes())
    }

    fn search(&self) -> String {
        format!("/v1/contacts?q={}", self.last_name())
    }

    fn wire(&self) -> Value {
        let Self { number, .. } = self;
        json!({
            "contactType": "PERSON", "externalId": self.key(), "lastName": self.last_name(),
            "firstName": "Amélie", "email": format!("{}@example.org", self.key()),
            "phone": format!("+41 21 {number:07}"), "isCustomer": true,
            "addresses": [{
                "name": "Domicile", "line1": format!("Rue de Carouge {number}"),
                "postCode": "1205", "city": "Genève", "countryCode2": "CH",
            }],
        })
    }
}

/// How long a new contact may not be found, and how often it is searched meanwhile.
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The nights: when they begin, and how many hours they take.
const NIGHTS: [(f64, f64); 2] = [(0.0, 6.0), (20.0, 4.0)];

/// When people work.
const WORK: (f64, f64) = (7.0, 13.0);

impl Organization {
    /// The ERP sends all contacts in batches, each night.
    pub(super) fn sync_batches(
        &self,
        caller: &mut Caller<'_>,
        clock: Clock,
        progress: &Progress,
    ) -> Result<()> {
        let Size { batches, items, .. } = self.size;
        for (night, (begin, hours)) in NIGHTS.into_iter().enumerate() {
            for batch in 0..batches {
                clock.wait_for(begin + hours * part(batch, batches), progress);
                if progress.is_over() {
                    return Ok(());
                }
                let numbers = batch * items..(batch + 1) * items;
                let contacts = numbers.map(|number| Contact { system: 'B', number, night }.wire());
                let body = Value::Array(contacts.collect()).to_string();
                let request = Prepared::post(BATCH, &self.token, &body);
                let answer = caller.call(Kind::Batch, items, &request, |_| true)?;
                let answer = String::from_utf8_lossy(&answer);
                ensure!(!answer.contains(r#""error":true"#), "an item of a batch is refused");
            }
        }
        Ok(())
    }

    /// The CRM sends all contacts as a stream of lines, each night.
    pub(super) fn sync_stream(
        &self,
        caller: &mut Caller<'_>,
        clock: Clock,
        progress: &Progress,
    ) -> Result<()> {
        for (night, (begin, hours)) in NIGHTS.into_iter().enumerate() {
            clock.wait_for(begin + hours / 2.0, progress);
            if progress.is_over() {
                return Ok(());
            }
            let lines = 0..self.size.lines;
            let lines = lines.map(|number| Contact { system: 'C', number, night }.wire());
            let body: String = lines.map(|line| format!("{line}\n")).collect();
            let headers = "Content-Type: application/x-ndjson\r\n";
            let request = self.request("POST /v1/contacts/batch", headers, &body);
            let ends = |answer: &[u8]| {
                let last = answer.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
                last.is_some_and(|line| line.starts_with(b"{\"summary\":"))
            };
            let answer = caller.call(Kind::Stream, self.size.lines, &request, ends)?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(answer.contains(r#""rejected":0"#), "a line of a stream is refused");
        }
        Ok(())
    }

    /// People enter contacts, each followed by what they look at. Returns when each was acknowledged.
    pub(super) fn work(
        &self,
        caller: &mut Caller<'_>,
        clock: Clock,
        progress: &Progress,
    ) -> Result<HashMap<String, Instant>> {
        let mut acknowledged = HashMap::new();
        for number in 0..self.size.entered {
            clock.wait_for(WORK.0 + WORK.1 * part(number, self.size.entered), progress);
            if progress.is_over() {
                break;
            }
            let contact = Contact { system: 'S', number, night: 0 };
            let (key, body) = (contact.key(), contact.wire().to_string());
            // Sent again, it is answered as the first time.
            let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {key}\r\n");
            let request = self.request("POST /v1/contacts", &headers, &body);
            let answer = caller.call(Kind::Single, 1, &request, |_| true)?;
            let since = Instant::now();
            acknowledged.insert(key.clone(), since);
            let id = serde_json::from_slice::<Value>(&answer)?.get("id").and_then(Value::as_i64);
            let id = id.context("a contact without an id")?;
            self.look(caller, Kind::Read, &format!("/v1/contacts/{id}"), &key)?;
            self.look(caller, Kind::List, "/v1/contacts?sort=-createdAt&limit=50", &key)?;
            self.look(caller, Kind::List, "/api/v1/contacts/items", "")?;
            while !self.shows(caller, Kind::Search, &contact.search(), &key)? {
                ensure!(since.elapsed() < LIMIT, "no search finds {key}");
                thread::sleep(PAUSE);
            }
            caller.lags("search", since.elapsed());
        }
        Ok(acknowledged)
    }

    /// Reads something that has to show a contact.
    fn look(&self, caller: &mut Caller<'_>, kind: Kind, path: &str, key: &str) -> Result<()> {
        let is_there = self.shows(caller, kind, path, key)?;
        ensure!(is_there, "{path} does not show {key}");
        Ok(())
    }

    /// Reads something, and returns whether it shows a contact.
    fn shows(&self, caller: &mut Caller<'_>, kind: Kind, path: &str, key: &str) -> Result<bool> {
        let answer = caller.call(kind, 1, &Prepared::get(path, &self.token), |_| true)?;
        Ok(String::from_utf8_lossy(&answer).contains(key))
    }

    /// The last name and the version of each contact in the end.
    pub(super) fn expected(&self) -> BTreeMap<String, (String, i64)> {
        let Size { batches, items, lines, entered } = self.size;
        let last = NIGHTS.len() - 1;
        let of =
            |system, count, night| (0..count).map(move |number| Contact { system, number, night });
        let all = of('B', batches * items, last).chain(of('C', lines, last));
        let versioned = all.chain(of('S', entered, 0)).map(|contact| {
            let version = if contact.changes() == 0 { 1 } else { 2 };
            (contact.key(), (contact.last_name(), version))
        });
        versioned.collect()
    }

    fn request(&self, line: &str, headers: &str, body: &str) -> Prepared {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "{line} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        request.into_bytes().into()
    }
}

/// Which part of all that is.
fn part(number: usize, of: usize) -> f64 {
    let [number, of] = [number, of].map(|count| u32::try_from(count).map_or(0.0, f64::from));
    number / of.max(1.0)
}
