//! Readers of the change feed beside many writers.

mod late;
mod naive;
mod promoted;
mod reader;
mod restored;
mod round;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;

use self::naive::Naive;
use self::reader::Reader;
use self::round::plan;
use crate::database::{Database, connect};
use crate::load::{Load, Progress, join};
use crate::setting::{Outcome, Setting, Store};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
8 writers change contacts through several servers, which are killed with SIGKILL, while a reader polls
the change feed in pages of random size; on PostgreSQL a transaction in another database of the cluster
stays open all the time, and transactions commit late. Whenever the writers rest, the reader's copy
equals the table. A reader whose pages end inside a run misses changes, and on PostgreSQL one that only
follows positions does.
After an older state of the database is restored, or a standby that lacks the last changes is promoted, a
token from before leads on without a gap, and a later one is answered 410.";

/// How long a server lives between kills at least, and how much longer at most.
const LIFE: Duration = Duration::from_millis(20);
const LONGER_MICROSECONDS: u64 = 200_000;

/// How long a commit is delayed. Others wait for it in turn.
const LATE: Duration = Duration::from_millis(50);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let servers = match setting.store {
        Store::Sqlite => 1,
        Store::Postgres => 3,
    };
    // It belongs to no organization, and holds nothing back.
    let mut idle = match setting.store {
        Store::Sqlite => None,
        Store::Postgres => Some(connect(setting.postgres()?.url())?),
    };
    if let Some(idle) = &mut idle {
        idle.batch_execute("BEGIN; SELECT pg_current_xact_id()")?;
    }
    let mut observed = on_new_site(&Needs::new(setting, "feed", servers), |site| {
        let mut observed = vec![follow(setting, site, servers)?];
        if let Database::Postgres(url) = &site.database {
            observed.push(late::lead_on(setting, site, url)?);
        }
        observed.push(restored::lead_on(setting, site, servers)?);
        Ok(observed)
    })?;
    if setting.store == Store::Postgres {
        observed.push(promoted::lead_on(setting, servers)?);
    }
    Ok(Outcome::Proved(observed))
}

/// Follows the writers, and compares the reader's copy with the table whenever they rest.
fn follow(setting: &Setting<'_>, site: &Site, servers: usize) -> Result<String> {
    let (rounds, kills) = if setting.is_short { (3, 3) } else { (20, 10) };
    let mut rng = Rng::with_seed(setting.seed);
    let mut reader = Reader::new(site, setting.seed);
    let mut by_page = Naive::new(&site.database, 3);
    let start = Instant::now();
    for round in 0..rounds {
        let mut load = Load::new(site, plan(round), setting.seed);
        load.may_break = true;
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let readers = [
                scope.spawn(|| until(&is_over, || reader.read())),
                scope.spawn(|| until(&is_over, || by_page.read())),
            ];
            let loaded = load.run(|progress| {
                progress.wait_for_acknowledgements(8)?;
                for kill in 0..kills {
                    delay_commits(site, round, progress)?;
                    progress.wait(LIFE + Duration::from_micros(rng.u64(..LONGER_MICROSECONDS)));
                    if progress.is_over() {
                        break;
                    }
                    let server = kill % servers;
                    site.kill(server);
                    site.start(server)?;
                }
                Ok(())
            });
            is_over.store(true, Ordering::Relaxed);
            readers.into_iter().try_for_each(join)?;
            loaded.map(drop)
        })?;
        reader.catch_up(&site.database)?;
    }
    let took = start.elapsed().as_secs_f64();
    let (missed, of) = by_page.missed()?;
    ensure!(missed > 0, "a page that ends inside a run has missed nothing of {of} changes");
    Ok(format!(
        "{of} changes in {rounds} rounds within {took:.1} s; {reader}; pages that end inside a run missed \
         {missed} of them"
    ))
}

/// Keeps the first writer waiting for its contacts on PostgreSQL while others commit: its changes have
/// earlier positions, and come later.
fn delay_commits(site: &Site, round: u16, progress: &Progress) -> Result<()> {
    let Database::Postgres(url) = &site.database else { return Ok(()) };
    let plan = plan(round);
    let keys: Vec<String> = (plan.shared.end..plan.shared.end + plan.private)
        .map(|key| proofs::history::Key(key).to_string())
        .collect();
    let mut client = connect(url)?;
    let mut holder = client.transaction()?;
    holder.query("SELECT FROM contact WHERE external_id = ANY ($1) FOR UPDATE", &[&keys])?;
    progress.wait(LATE);
    holder.rollback().context("the contacts were not released")
}

fn until(is_over: &AtomicBool, mut read: impl FnMut() -> Result<()>) -> Result<()> {
    while !is_over.load(Ordering::Relaxed) {
        read()?;
    }
    Ok(())
}
