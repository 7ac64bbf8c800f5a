//! A hot standby that serves lists.

mod entry;
pub(super) mod replica;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fastrand::Rng;
use throwaway_postgres::{Durability, Postgres};

use self::entry::Entry;
use self::replica::Replica;
use crate::database::Database;
use crate::load::{Progress, side_by_side};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
Lists are read on a hot standby that has replayed everything. Each list shows what was acknowledged
before through another server, whether the standby follows, pauses, is killed or stands still; none
fails, and the standby is used again by itself. A promoted standby, a standby of another primary, and a
primary configured as a standby are not read. The log reports each outage once, and no password.";

/// Entries are written through the first, and listed by the last.
const SERVERS: usize = 2;

/// How many threads write an entry and read it, again and again, while something happens.
const WRITERS: u16 = 8;

/// The database.
const NAME: &str = "standby";

/// The shortest limits that can be set.
const ARGUMENTS: [&str; 4] = ["--read-database-rest", "1", "--database-wait", "1"];

fn needs<'a>(setting: &'a Setting<'_>, name: &'a str, standby: &'a str) -> Needs<'a> {
    let (arguments, standby) = (&ARGUMENTS, Some(standby));
    Needs { arguments, standby, ..Needs::new(setting, name, SERVERS) }
}

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let (primary, standby) = {
        let primary = setting.postgres()?;
        (primary.url().to_owned(), primary.standby()?)
    };
    let url = standby.url().to_owned();
    let on_standby = needs(setting, NAME, &url);
    let mut lines = on_new_site(&on_standby, |site| follow(setting, site, standby))?;
    let on_primary = needs(setting, "no_standby", &primary);
    let reads = on_new_site(&on_primary, |site| misnamed(site, "it follows no primary"))?;
    lines.push(format!("with a primary configured as the standby, {reads} lists were right"));
    Ok(Outcome::Proved(lines))
}

fn follow(setting: &Setting<'_>, site: &Site, standby: Postgres) -> Result<Vec<String>> {
    let (rounds, pauses, kills) = if setting.is_short { (10, 10, 1) } else { (200, 300, 5) };
    let Database::Postgres(primary) = &site.database else {
        bail!("only PostgreSQL has standbys");
    };
    let mut replica = Replica::new(standby, primary)?;
    let mut entry = Entry::new(site, WRITERS, SERVERS)?;
    Ok(vec![
        caught_up(&mut replica, &mut entry, rounds)?,
        paused(&mut replica, &mut entry, rounds)?,
        busy(site, &mut replica, pauses, setting.seed)?,
        away(site, &mut replica, &mut entry, kills)?,
        of_another(setting, &mut replica)?,
        promoted(&mut replica, &mut entry, rounds)?,
        check_log(site, kills + 2)?,
    ])
}

fn caught_up(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String> {
    let mut lists = 0;
    for _ in 0..rounds {
        entry.write()?;
        lists += until_read_there(replica, entry)?;
    }
    Ok(format!("after it had caught up, {rounds} of {lists} lists were read on the standby"))
}

/// A standby that replays nothing.
fn paused(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String> {
    let before = replica.lists()?;
    replica.pause()?;
    for _ in 0..rounds {
        entry.write()?;
        entry.read()?;
    }
    let there = replica.lists()? - before;
    ensure!(there == 0, "{there} lists were read on a paused standby");
    replica.resume()?;
    Ok(format!("while it was paused, {rounds} lists were read elsewhere and showed everything"))
}

/// A standby that is sometimes behind many writers.
fn busy(site: &Site, replica: &mut Replica, pauses: u64, seed: u64) -> Result<String> {
    let before = replica.lists()?;
    let mut rng = Rng::with_seed(seed);
    let lists = beside(site, |progress| {
        for _ in 0..pauses {
            progress.wait_for_acknowledgements(rng.u64(..20))?;
            replica.pause()?;
            progress.wait_for_acknowledgements(rng.u64(..20))?;
            replica.resume()?;
        }
        Ok(())
    })?;
    let there = replica.lists()? - before;
    Ok(format!(
        "while {WRITERS} wrote and it was paused {pauses} times, {lists} lists showed the last write; \
         {there} of them were read on the standby"
    ))
}

/// A standby that is killed, and one that stands still.
fn away(site: &Site, replica: &mut Replica, entry: &mut Entry<'_>, kills: usize) -> Result<String> {
    let a_few =
        |progress: &Progress| progress.wait_for_acknowledgements(u64::from(WRITERS)).map(drop);
    let (mut lists, mut longest) = (0, Duration::ZERO);
    for outage in 0..=kills {
        lists += beside(site, |progress| {
            a_few(progress)?;
            let warnings = logged(site, WARNING)?;
            let meanwhile = || until_warned(site, warnings).and_then(|()| a_few(progress));
            if outage == kills {
                return replica.stand_still(meanwhile);
            }
            replica.crash()?;
            meanwhile()?;
            replica.start_again()?;
            a_few(progress)
        })?;
        let since = Instant::now();
        entry.write()?;
        until_read_there(replica, entry)?;
        longest = longest.max(since.elapsed());
    }
    Ok(format!(
        "killed {kills} times and suspended once; {lists} lists meanwhile were right; used again {} \
         ms later at the latest",
        longest.as_millis()
    ))
}

/// A standby of another primary. That primary has a database of the same name with the same entries
/// under other names, and is further ahead, so that only its identity differs.
fn of_another(setting: &Setting<'_>, replica: &mut Replica) -> Result<String> {
    if setting.is_short {
        // A further server takes seconds.
        return Ok("the standby of another primary is left out of --short".to_owned());
    }
    let before = replica.lists()?;
    let other = Mutex::new(Postgres::start(Durability::Full)?);
    let program = setting.program.clone();
    let setting = Setting { program, postgres: Some(&other), ..*setting };
    let cause = "it follows another primary";
    let url = replica.url().to_owned();
    let reads = on_new_site(&needs(&setting, NAME, &url), |site| misnamed(site, cause))?;
    ensure!(replica.lists()? == before, "a list was read on a standby of another primary");
    Ok(format!("with the standby of another primary, {reads} lists were right"))
}

/// A promoted standby, on which something else was written.
fn promoted(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String> {
    replica.wait_until_caught_up()?;
    replica.promote()?;
    replica.empty()?;
    let before = replica.lists()?;
    for _ in 0..rounds {
        entry.read()?;
    }
    ensure!(replica.lists()? == before, "a list was read on a promoted standby");
    Ok(format!("after it was promoted and emptied, {rounds} lists were right"))
}

/// A server that is no standby of ours, configured as the standby. Returns how many lists were right,
/// and checks that the log has that cause.
fn misnamed(site: &Site, cause: &str) -> Result<u64> {
    let mut entry = Entry::new(site, WRITERS, SERVERS)?;
    entry.write()?;
    let reads = beside(site, |progress| {
        progress.wait_for_acknowledgements(4 * u64::from(WRITERS)).map(drop)
    })?;
    entry.read()?;
    let (warnings, causes) = (logged(site, WARNING)?, logged(site, cause)?);
    ensure!((warnings, causes) == (1, 1), "{warnings} warnings, {causes} with: {cause}");
    Ok(reads)
}

/// Runs all writers while something else is done. Returns how often they read.
fn beside(site: &Site, meanwhile: impl FnOnce(&Progress) -> Result<()>) -> Result<u64> {
    let write_and_read = |number, progress: &Progress| {
        let mut entry = Entry::new(site, number, SERVERS)?;
        let mut reads = 0;
        while !progress.is_over() {
            entry.write()?;
            entry.read()?;
            reads += 1;
            progress.acknowledge();
        }
        Ok(reads)
    };
    Ok(side_by_side(WRITERS, write_and_read, meanwhile)?.into_iter().sum())
}

/// Reads, each time after the standby has caught up, until a list was read there. Returns how many reads
/// that took: sometimes the primary writes something by itself just before.
fn until_read_there(replica: &mut Replica, entry: &mut Entry<'_>) -> Result<u64> {
    let lists = replica.lists()?;
    let since = Instant::now();
    let mut reads = 0;
    while since.elapsed() < replica::LIMIT {
        replica.wait_until_caught_up()?;
        entry.read()?;
        reads += 1;
        if replica.lists()? > lists {
            return Ok(reads);
        }
    }
    bail!("none of {reads} lists was read on the standby")
}

/// Waits until the log has one more warning.
fn until_warned(site: &Site, warnings: usize) -> Result<()> {
    let since = Instant::now();
    while since.elapsed() < replica::LIMIT {
        if logged(site, WARNING)? > warnings {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    bail!("the log does not report that the standby fails")
}

const WARNING: &str = "lists are read on the primary";

/// How many lines with that text the server that serves lists has logged.
fn logged(site: &Site, what: &str) -> Result<usize> {
    let log = site.log(SERVERS - 1)?;
    Ok(log.lines().filter(|line| line.contains(what)).count())
}

/// Checks that the log reports each outage, and the end of each but the last.
fn check_log(site: &Site, outages: usize) -> Result<String> {
    let warnings = logged(site, WARNING)?;
    let ends = logged(site, "lists are read on the standby again")?;
    // A list that is read there just after another failed makes two outages of one.
    ensure!(
        (outages..=2 * outages).contains(&warnings) && ends + 1 == warnings,
        "the log has {warnings} warnings and {ends} ends of {outages} outages"
    );
    let log = site.log(SERVERS - 1)?;
    let has_password = site.passwords().any(|password| log.contains(password));
    ensure!(!has_password, "there is a password in the log");
    Ok(format!("{outages} outages: {warnings} warnings, {ends} lines about their end"))
}
