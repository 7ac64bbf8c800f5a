//! More requests than connections to the database.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use postgres::Client;
use proofs::history::{Item, Key, Marker, Target, Verdict, body, read_reply};
use server_process::client::{Connection, Prepared};

use crate::database::{Database, connect};
use crate::load::{BATCH, check_problem, join};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
Every connection to the database that an organization may use waits for contacts that another session
has locked. Its further requests are answered 503 with Retry-After within the time that they may wait
for a connection; nothing hangs; and once the locks are released every request is accepted again.";

/// The connections of the server: two for tokens, and half of the others for one organization.
const CONNECTIONS: &str = "6";

/// Requests whose contacts are locked: as many as the organization has connections.
const HELD: u32 = 2;

/// Requests that find no connection.
const FURTHER: u32 = 8;

/// How long a request may wait for a connection: the shortest that can be set.
const WAIT: Duration = Duration::from_secs(1);

/// How much longer an answer may take on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let arguments = ["--database-connections", CONNECTIONS, "--database-wait", "1"];
    let needs = Needs { arguments: &arguments, ..Needs::new(setting, "pool", 1) };
    on_new_site(&needs, exhaust)
}

fn exhaust(site: &Site) -> Result<Outcome> {
    let Database::Postgres(url) = &site.database else {
        bail!("only PostgreSQL has connections to run out of");
    };
    let keys = 0..HELD + FURTHER;
    for key in keys.clone() {
        expect_version(&send(site, key, 1)?, 1)?;
    }

    let mut holder = connect(url)?;
    let mut watcher = connect(url)?;
    let mut transaction = holder.transaction()?;
    let held = format!("ERP-{:06}", HELD);
    let lock = "SELECT id FROM contact WHERE external_id < $1 FOR UPDATE";
    transaction.query(lock, &[&held])?;

    let (waited, answered) = thread::scope(|scope| {
        let waiting = (0..HELD).map(|key| scope.spawn(move || send(site, key, 2)));
        let waiting = waiting.collect::<Vec<_>>();
        let refused = wait_for_locks(&mut watcher).and_then(|()| {
            let further = keys.clone().skip(2).map(|key| scope.spawn(move || send(site, key, 2)));
            let further = further.collect::<Vec<_>>();
            further.into_iter().map(join).collect::<Result<Vec<_>>>()
        });
        // After a failure, too, so that the waiting requests end.
        let released = transaction.rollback().map_err(anyhow::Error::from);
        let waited = waiting.into_iter().map(join).collect::<Result<Vec<_>>>();
        released.and(refused).and_then(|refused| waited.map(|waited| (waited, refused)))
    })?;

    for answer in &answered {
        if answer.status != 503 || answer.took > WAIT + SLACK {
            bail!(
                "the answer to a request without a connection is {} after {} ms: {}",
                answer.status,
                answer.took.as_millis(),
                String::from_utf8_lossy(&answer.body),
            );
        }
        check_problem(answer.retry_after, &answer.body)?;
    }
    for answer in &waited {
        expect_version(answer, 2)?;
    }
    for key in keys {
        expect_version(&send(site, key, 2)?, 2)?;
    }
    let times = || answered.iter().map(|answer| answer.took.as_millis());
    Ok(Outcome::Proved(vec![format!(
        "{HELD} connections waited for locks; {FURTHER} requests were answered 503 after {} to {} \
         ms, and 200 when the locks were gone",
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default(),
    )]))
}

/// An answer, and the time to it.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Vec<u8>,
    took: Duration,
}

/// Writes a contact for the `number`th time.
fn send(site: &Site, key: u32, number: u32) -> Result<Answer> {
    let address = site.addresses.find(0, WAIT)?;
    let mut connection = Connection::open_within(address, 10 * (WAIT + SLACK))?;
    let item = Item::plain(Target::ExternalId(Key(key)), Marker { writer: 0, number });
    let request = Prepared::post(BATCH, site.token(), &body(&[item]));
    let start = Instant::now();
    let answer = connection.send(&request)?;
    Ok(Answer {
        status: answer.status,
        retry_after: answer.retry_after,
        body: answer.body.to_vec(),
        took: start.elapsed(),
    })
}

/// Waits until all connections of the organization wait for locks.
fn wait_for_locks(watcher: &mut Client) -> Result<()> {
    let since = Instant::now();
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while since.elapsed() < WAIT + SLACK {
        let row = watcher.query_one(waiting, &[])?;
        if row.get::<_, i64>(0) == i64::from(HELD) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    bail!("the requests do not wait for the locks")
}

fn expect_version(answer: &Answer, version: u64) -> Result<()> {
    let shown = || String::from_utf8_lossy(&answer.body).into_owned();
    ensure!(answer.status == 200, "the answer to a batch is {}: {}", answer.status, shown());
    match read_reply(&answer.body, 1)?.first() {
        Some(Verdict::Stored(stored)) if stored.version == version => Ok(()),
        _ => bail!("version {version} expected of {}", shown()),
    }
}
