//! More requests than connections to the database.

use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;
use xtask::Failure;
use xtask::client::{Connection, Prepared};

use crate::database::{self, Database, postgres_failed};
use crate::item::{self, Item, Key, Marker, Target};
use crate::reply::{self, Said};
use crate::site::{Needs, Site, on_a_new_site};
use crate::writers::{BATCH, check_problem};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
Every connection to the database waits for contacts that somebody else has locked. Further requests
are answered 503 with Retry-After within the time that they may wait for a connection; nothing hangs;
and when the locks are gone everything is taken again.";

/// As many as there are connections: their contacts are locked.
const HELD: u32 = 2;

/// Those who find no connection.
const FURTHER: u32 = 8;

/// How long a request may wait for a connection: the shortest that can be set.
const WAIT: Duration = Duration::from_secs(1);

/// How much longer an answer may take on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let arguments = ["--database-connections", "2", "--database-wait", "1"];
    let needs = Needs {
        setting,
        name: "pool",
        servers: 1,
        arguments: &arguments,
        place: None,
        standby: None,
    };
    on_a_new_site(&needs, exhaust)
}

fn exhaust(site: &Site) -> Result<Seen, Failure> {
    let Database::Postgres(url) = &site.database else {
        return Err(Failure::Server("only PostgreSQL has connections to run out of".to_owned()));
    };
    let keys = 0..HELD + FURTHER;
    for key in keys.clone() {
        expect_version(&send(site, key, 1)?, 1)?;
    }

    let mut holder = database::connect(url)?;
    let mut watcher = database::connect(url)?;
    let mut transaction = holder.transaction().map_err(postgres_failed)?;
    let held = format!("ERP-{:06}", HELD);
    let lock = "SELECT id FROM contact WHERE external_id < $1 FOR UPDATE";
    transaction.query(lock, &[&held]).map_err(postgres_failed)?;

    let (waited, answered) = thread::scope(|scope| {
        let waiting = (0..HELD).map(|key| scope.spawn(move || send(site, key, 2)));
        let waiting = waiting.collect::<Vec<_>>();
        let refused = wait_for_locks(&mut watcher).and_then(|()| {
            let further = keys.clone().skip(2).map(|key| scope.spawn(move || send(site, key, 2)));
            let further = further.collect::<Vec<_>>();
            further.into_iter().map(join).collect::<Result<Vec<_>, _>>()
        });
        // Whatever happened, the locks go, so that those who wait come to an end.
        let released = transaction.rollback().map_err(postgres_failed);
        let waited = waiting.into_iter().map(join).collect::<Result<Vec<_>, _>>();
        released.and(refused).and_then(|refused| waited.map(|waited| (waited, refused)))
    })?;

    for answer in &answered {
        if answer.status != 503 || answer.took > WAIT + SLACK {
            return Err(Failure::Server(format!(
                "a request without a connection was answered {} after {} ms: {}",
                answer.status,
                answer.took.as_millis(),
                String::from_utf8_lossy(&answer.body),
            )));
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
    Ok(Seen::Proved(vec![format!(
        "{HELD} connections waited for locks; {FURTHER} requests were answered 503 after {} to {} \
         ms, and 200 when the locks were gone",
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default(),
    )]))
}

/// What came back.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Vec<u8>,
    took: Duration,
}

/// Writes a contact, the `number`th time.
fn send(site: &Site, key: u32, number: u32) -> Result<Answer, Failure> {
    let address = site.doors.find(0, WAIT)?;
    let mut connection = Connection::open_within(address, 10 * (WAIT + SLACK))?;
    let item = Item::plain(Target::ExternalId(Key(key)), Marker { writer: 0, number });
    let request = Prepared::post(BATCH, site.token(), &item::body(&[item]));
    let start = Instant::now();
    let answer = connection.send(&request)?;
    Ok(Answer {
        status: answer.status,
        retry_after: answer.retry_after,
        body: answer.body.to_vec(),
        took: start.elapsed(),
    })
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T, Failure>>) -> Result<T, Failure> {
    thread.join().unwrap_or_else(|_| Err(Failure::Server("a writer panicked".to_owned())))
}

/// Waits until every connection of the server waits for a lock.
fn wait_for_locks(watcher: &mut Client) -> Result<(), Failure> {
    let since = Instant::now();
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while since.elapsed() < WAIT + SLACK {
        let row = watcher.query_one(waiting, &[]).map_err(postgres_failed)?;
        if row.get::<_, i64>(0) == i64::from(HELD) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Err(Failure::Server("the requests do not wait for the locks".to_owned()))
}

fn expect_version(answer: &Answer, version: u64) -> Result<(), Failure> {
    let shown = || String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status != 200 {
        return Err(Failure::Server(format!(
            "a batch was answered {}: {}",
            answer.status,
            shown()
        )));
    }
    match reply::read(&answer.body, 1)?.first() {
        Some(Said::Stored(stored)) if stored.version == version => Ok(()),
        _ => Err(Failure::Server(format!("version {version} expected of {}", shown()))),
    }
}
