//! A database that stands still under load.

use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;
use xtask::client::{Connection, Prepared};

use crate::database::{self, Database, postgres_failed};
use crate::item::{self, Item, Key, Marker, Target};
use crate::plan::{Kind, Plan};
use crate::site::{Needs, Site, on_a_new_site};
use crate::writers::{BATCH, Load, Tolerance, check_problem};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
The processes of the database are stopped while batches arrive: connections stay, and say nothing.
Every request is answered 503 with Retry-After, in time; no verdict is wrong; each server is back by
itself when the database goes on; what was acknowledged is there; and a server that is asked to stop
meanwhile stops in time.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// Each writer stays with its server, so both have to come back.
const SERVERS: usize = 2;

/// The shortest limits that can be set.
const ARGUMENTS: [&str; 4] = ["--database-timeout", "1", "--database-wait", "1"];

/// The longest that an answer may take then: a second for a connection, and five to make one. What
/// was sent before gets its answer within two.
const LIMIT: Duration = Duration::from_secs(6);

/// How much longer it may take on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// How long the database works before it stands still.
const UP: Duration = Duration::from_millis(700);

/// How long a request takes to get stuck.
const SOON: Duration = Duration::from_millis(300);

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let needs = Needs {
        setting,
        name: "stall",
        servers: SERVERS,
        arguments: &ARGUMENTS,
        place: None,
        standby: None,
    };
    on_a_new_site(&needs, |site| {
        Ok(Seen::Proved(vec![serve(setting, site)?, stop(setting, site)?]))
    })
}

/// Stands still time and again while writers write.
fn serve(setting: &Setting<'_>, site: &Site) -> Result<String, Failure> {
    let rounds = if setting.is_short { 1 } else { 10 };
    let load = Load {
        plan: PLAN,
        seed: setting.seed,
        doors: &site.doors,
        token: site.token(),
        tolerance: Tolerance { unavailable: true, broken: false },
        witness: None,
    };
    let (mut refusals, mut slowest, mut longest) = (0, Duration::ZERO, Duration::ZERO);
    let history = load.run(|progress| {
        for _ in 0..rounds {
            progress.wait(UP);
            stand_still(setting, site, || {
                progress.wait_for_refusals(u64::from(PLAN.writers)).map(drop)
            })?;
            // All writers, and with them both servers.
            let back = progress.wait_for_acknowledgements(4 * u64::from(PLAN.writers))?;
            longest = longest.max(back);
        }
        (refusals, slowest) = (progress.refusals(), progress.slowest_refusal());
        Ok(())
    })?;
    in_time("a request was answered 503", slowest)?;
    let rows = site.database.rows()?;
    let summary = history.check(PLAN.keys(), &rows, setting.store.isolation())?;
    Ok(format!(
        "stood still {rounds} times; {refusals} requests answered 503, after {} ms at the latest; \
         service was back {} ms after the database at the latest; {} items in {} batches \
         acknowledged, {} of them after one or more sendings without; {} contacts",
        slowest.as_millis(),
        longest.as_millis(),
        summary.items,
        summary.batches,
        summary.doubtful,
        rows.len(),
    ))
}

/// Stands still, and has the servers stop while each is at work for somebody.
fn stop(setting: &Setting<'_>, site: &Site) -> Result<String, Failure> {
    let mut took = Duration::ZERO;
    stand_still(setting, site, || {
        thread::scope(|scope| {
            let stuck = (0..SERVERS).map(|number| scope.spawn(move || refused(site, number)));
            let stuck = stuck.collect::<Vec<_>>();
            thread::sleep(SOON);
            let since = Instant::now();
            let stopped = site.stop();
            took = since.elapsed();
            let panicked = |_| Err(Failure::Server("a writer panicked".to_owned()));
            let refused = stuck.into_iter().map(|one| one.join().unwrap_or_else(panicked));
            refused.collect::<Result<(), _>>().and(stopped)
        })
    })?;
    in_time("the servers had stopped", took)?;
    Ok(format!("{SERVERS} servers at work stopped within {} ms meanwhile", took.as_millis()))
}

/// Sends a batch that is to be answered 503.
fn refused(site: &Site, number: usize) -> Result<(), Failure> {
    let address = site.doors.find(number, LIMIT)?;
    let mut connection = Connection::open_within(address, 10 * (LIMIT + SLACK))?;
    let item = Item::plain(Target::ExternalId(Key(0)), Marker { writer: PLAN.writers, number: 1 });
    let request = Prepared::post(BATCH, site.token(), &item::body(&[item]));
    let answer = connection.send(&request)?;
    if answer.status != 503 {
        let body = String::from_utf8_lossy(answer.body);
        return Err(Failure::Server(format!("a batch was answered {}: {body}", answer.status)));
    }
    check_problem(answer.retry_after, answer.body)
}

/// Has the database stand still meanwhile, as if its machine did.
fn stand_still(
    setting: &Setting<'_>,
    site: &Site,
    meanwhile: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Others come and go.
    const PROCESSES: &str = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity
                              WHERE pid <> pg_backend_pid() AND backend_type NOT LIKE '% worker'";
    let Database::Postgres(url) = &site.database else {
        return Err(Failure::Server("only PostgreSQL stands still".to_owned()));
    };
    let processes = database::connect(url)?.query_one(PROCESSES, &[]).map_err(postgres_failed)?;
    let processes: String = processes.get(0);
    let stopped = setting.postgres()?.signal("STOP", &processes);
    let done = stopped.and_then(|()| meanwhile());
    // Whatever happened: nobody could stop what stands still.
    let goes_on = setting.postgres()?.signal("CONT", &processes);
    done.and(goes_on)
}

fn in_time(what: &str, took: Duration) -> Result<(), Failure> {
    if took <= LIMIT + SLACK {
        return Ok(());
    }
    Err(Failure::Server(format!("{what} after {} ms", took.as_millis())))
}
