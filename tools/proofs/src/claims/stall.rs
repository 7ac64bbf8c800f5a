//! A database that stands still under load.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use proofs::history::{Item, Key, Marker, Target, body};
use server_process::client::{Connection, Prepared};

use crate::database::{Database, connect};
use crate::load::{BATCH, Kind, Load, Plan, check_problem, join};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
The processes of the database are suspended while batches arrive: connections stay open without
answers. Every request is answered 503 with Retry-After, in time; no verdict is wrong; each server works
again by itself once the database does; what was acknowledged is stored; and a server that is asked to
stop meanwhile stops in time.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// Each writer stays with its server, so both have to work again.
const SERVERS: usize = 2;

/// The shortest limits that can be set.
const ARGUMENTS: [&str; 4] = ["--database-timeout", "1", "--database-wait", "1"];

/// The most time for an answer meanwhile: a second to get a connection, and five to open one. A request
/// sent before is answered within two.
const LIMIT: Duration = Duration::from_secs(6);

/// How much longer it may take on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// How long the database runs before it stands still.
const UP: Duration = Duration::from_millis(700);

/// How long a request takes to reach the database.
const SOON: Duration = Duration::from_millis(300);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let needs = Needs { arguments: &ARGUMENTS, ..Needs::new(setting, "stall", SERVERS) };
    on_new_site(&needs, |site| {
        Ok(Outcome::Proved(vec![serve(setting, site)?, stop(setting, site)?]))
    })
}

/// The database stands still several times while writers write.
fn serve(setting: &Setting<'_>, site: &Site) -> Result<String> {
    let rounds = if setting.is_short { 1 } else { 10 };
    let mut load = Load::new(site, PLAN, setting.seed);
    load.may_be_unavailable = true;
    let (mut refusals, mut slowest, mut longest) = (0, Duration::ZERO, Duration::ZERO);
    let history = load.run(|progress| {
        for _ in 0..rounds {
            progress.wait(UP);
            stand_still(setting, site, || {
                progress.wait_for_refusals(u64::from(PLAN.writers)).map(drop)
            })?;
            // Answers to all writers, so from both servers.
            let back = progress.wait_for_acknowledgements(4 * u64::from(PLAN.writers))?;
            longest = longest.max(back);
        }
        (refusals, slowest) = (progress.refusals(), progress.slowest_refusal());
        Ok(())
    })?;
    in_time("a request was answered 503", slowest)?;
    let summary = site.check(&history, PLAN.keys())?;
    Ok(format!(
        "stood still {rounds} times; {refusals} requests answered 503, after {} ms at the latest; \
         service was back {} ms after the database at the latest; {summary}",
        slowest.as_millis(),
        longest.as_millis(),
    ))
}

/// The database stands still, and the servers are stopped while each handles a request.
fn stop(setting: &Setting<'_>, site: &Site) -> Result<String> {
    let mut took = Duration::ZERO;
    stand_still(setting, site, || {
        thread::scope(|scope| {
            let stuck = (0..SERVERS).map(|number| scope.spawn(move || send_refused(site, number)));
            let stuck = stuck.collect::<Vec<_>>();
            thread::sleep(SOON);
            let since = Instant::now();
            let stopped = site.stop();
            took = since.elapsed();
            stuck.into_iter().try_for_each(join).and(stopped)
        })
    })?;
    in_time("the servers had stopped", took)?;
    Ok(format!("{SERVERS} busy servers stopped within {} ms meanwhile", took.as_millis()))
}

/// Sends a batch that has to be answered 503.
fn send_refused(site: &Site, number: usize) -> Result<()> {
    let address = site.addresses.find(number, LIMIT)?;
    let mut connection = Connection::open_within(address, 10 * (LIMIT + SLACK))?;
    let item = Item::plain(Target::ExternalId(Key(0)), Marker { writer: PLAN.writers, number: 1 });
    let request = Prepared::post(BATCH, site.token(), &body(&[item]));
    let answer = connection.send(&request)?;
    if answer.status != 503 {
        let body = String::from_utf8_lossy(answer.body);
        bail!("the answer to a batch is {}: {body}", answer.status);
    }
    check_problem(answer.retry_after, answer.body)
}

/// Suspends all processes of the database meanwhile.
fn stand_still(
    setting: &Setting<'_>,
    site: &Site,
    meanwhile: impl FnOnce() -> Result<()>,
) -> Result<()> {
    // Other processes start and end all the time.
    const PROCESSES: &str = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity
                              WHERE pid <> pg_backend_pid() AND backend_type NOT LIKE '% worker'";
    let Database::Postgres(url) = &site.database else {
        bail!("only PostgreSQL stands still");
    };
    let processes: String = connect(url)?.query_one(PROCESSES, &[])?.get(0);
    let stopped = setting.postgres()?.signal("STOP", &processes);
    let done = stopped.and_then(|()| meanwhile());
    // After a failure, too: suspended processes cannot be stopped.
    let goes_on = setting.postgres()?.signal("CONT", &processes);
    done.and(goes_on)
}

fn in_time(what: &str, took: Duration) -> Result<()> {
    ensure!(took <= LIMIT + SLACK, "{what} after {} ms", took.as_millis());
    Ok(())
}
