//! A hot standby that lists are read on.

mod replica;

use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;
use xtask::dice::Dice;
use xtask::postgres::Postgres;

use self::replica::Replica;
use crate::database::Database;
use crate::entry::Entry;
use crate::progress::Progress;
use crate::site::{Needs, Site, on_a_new_site};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
Lists are read on a hot standby that has replayed everything; each shows what was acknowledged before
through another server, whether the standby follows, has stopped to replay, is killed or stands still;
none fails, and the standby is used again by itself. One that was promoted, and a primary that was
named as one, are not read. The log tells each outage once, and no password.";

/// Entries are written through the first, and listed by the last.
const SERVERS: usize = 2;

/// How many write an entry and look for it, time and again, while something happens.
const WRITERS: u16 = 8;

/// The standby is tried again after the shortest time that can be set, and waited for a short one.
const ARGUMENTS: [&str; 4] = ["--read-database-rest", "1", "--database-wait", "1"];

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let (primary, standby) = {
        let primary = setting.postgres()?;
        (primary.url().to_owned(), primary.standby()?)
    };
    let url = standby.url().to_owned();
    let needs = |name, standby| Needs {
        setting,
        name,
        servers: SERVERS,
        arguments: &ARGUMENTS,
        place: None,
        standby: Some(standby),
    };
    let mut seen = on_a_new_site(&needs("standby", &url), |site| follow(setting, site, standby))?;
    seen.push(on_a_new_site(&needs("no_standby", &primary), misnamed)?);
    Ok(Seen::Proved(seen))
}

fn follow(setting: &Setting<'_>, site: &Site, standby: Postgres) -> Result<Vec<String>, Failure> {
    let (rounds, pauses, kills) = if setting.is_short { (10, 10, 1) } else { (200, 300, 5) };
    let Database::Postgres(primary) = &site.database else {
        return Err(Failure::Server("only PostgreSQL has standbys".to_owned()));
    };
    let mut replica = Replica::new(standby, primary)?;
    let mut entry = Entry::new(site, WRITERS, SERVERS)?;
    let mut seen = Vec::new();

    let mut asked = 0;
    for _ in 0..rounds {
        entry.write()?;
        asked += until_read_there(&mut replica, &mut entry)?;
    }
    seen.push(format!("once it had caught up, {rounds} of {asked} lists were read on the standby"));

    let lists = replica.lists()?;
    replica.pause()?;
    for _ in 0..rounds {
        entry.write()?;
        entry.look()?;
    }
    let read_there = replica.lists()? - lists;
    if read_there > 0 {
        return Err(Failure::Server(format!("{read_there} lists were read on a paused standby")));
    }
    replica.resume()?;
    seen.push(format!("while it was paused, {rounds} of {rounds} were not, and showed all"));

    let lists = replica.lists()?;
    let mut dice = Dice::new(setting.seed);
    let looks = beside(site, |progress| {
        for _ in 0..pauses {
            progress.wait_for_acknowledgements(dice.below(20))?;
            replica.pause()?;
            progress.wait_for_acknowledgements(dice.below(20))?;
            replica.resume()?;
        }
        Ok(())
    })?;
    let there = replica.lists()? - lists;
    seen.push(format!(
        "while {WRITERS} wrote and it was paused {pauses} times, {looks} lists showed what had just \
         been written; {there} of them were read on the standby"
    ));

    let (mut looks, mut longest) = (0, Duration::ZERO);
    for _ in 0..kills {
        looks += beside(site, |progress| {
            progress.wait_for_acknowledgements(u64::from(WRITERS))?;
            let warnings = logged(site, WARNING)?;
            replica.crash()?;
            until_warned(site, warnings)?;
            progress.wait_for_acknowledgements(u64::from(WRITERS))?;
            replica.start_again()?;
            progress.wait_for_acknowledgements(u64::from(WRITERS)).map(drop)
        })?;
        longest = longest.max(back(&mut replica, &mut entry)?);
    }
    looks += beside(site, |progress| {
        progress.wait_for_acknowledgements(u64::from(WRITERS))?;
        replica
            .stand_still(|| progress.wait_for_acknowledgements(10 * u64::from(WRITERS)).map(drop))
    })?;
    longest = longest.max(back(&mut replica, &mut entry)?);
    seen.push(format!(
        "killed {kills} times and stopped once; {looks} lists meanwhile, all right; used again {} ms \
         later at the latest",
        longest.as_millis()
    ));

    replica.promote()?;
    let lists = replica.lists()?;
    for _ in 0..rounds {
        entry.look()?;
    }
    if replica.lists()? > lists {
        return Err(Failure::Server("a list was read on a standby that was promoted".to_owned()));
    }
    seen.push(format!("when it had been promoted and emptied, {rounds} lists were right"));
    seen.push(told(site, kills + 2)?);
    Ok(seen)
}

/// A primary that was named as the standby.
fn misnamed(site: &Site) -> Result<String, Failure> {
    let mut entry = Entry::new(site, WRITERS, SERVERS)?;
    entry.write()?;
    let looks = beside(site, |progress| {
        progress.wait_for_acknowledgements(4 * u64::from(WRITERS)).map(drop)
    })?;
    entry.look()?;
    let warnings = logged(site, WARNING)?;
    if warnings != 1 {
        return Err(Failure::Server(format!("a primary as the standby was told {warnings} times")));
    }
    Ok(format!("where a primary was named as the standby, {looks} lists were right"))
}

/// Lets all writers write and look while something else is done; how often they looked.
fn beside(
    site: &Site,
    meanwhile: impl FnOnce(&Progress) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let progress = Progress::default();
    thread::scope(|scope| {
        let writers = (0..WRITERS).map(|number| {
            let progress = &progress;
            scope.spawn(move || {
                let looked = write_and_look(site, number, progress);
                if looked.is_err() {
                    progress.end();
                }
                looked
            })
        });
        let writers = writers.collect::<Vec<_>>();
        let done = meanwhile(&progress);
        progress.end();
        let looks = writers.into_iter().map(|writer| {
            let panicked = |_| Err(Failure::Server("a writer panicked".to_owned()));
            writer.join().unwrap_or_else(panicked)
        });
        // A writer's counter-example explains more than what it led to.
        let looks = looks.sum::<Result<u64, _>>();
        looks.and_then(|looks| done.map(|()| looks))
    })
}

fn write_and_look(site: &Site, number: u16, progress: &Progress) -> Result<u64, Failure> {
    let mut entry = Entry::new(site, number, SERVERS)?;
    let mut looks = 0;
    while !progress.is_over() {
        entry.write()?;
        entry.look()?;
        looks += 1;
        progress.acknowledge();
    }
    Ok(looks)
}

/// Looks until the standby is used again; how long that took.
fn back(replica: &mut Replica, entry: &mut Entry<'_>) -> Result<Duration, Failure> {
    let since = Instant::now();
    entry.write()?;
    until_read_there(replica, entry)?;
    Ok(since.elapsed())
}

/// Looks, each time once the standby has caught up, until a list was read there; how often it took.
/// Now and then the primary writes something of its own accord just before.
fn until_read_there(replica: &mut Replica, entry: &mut Entry<'_>) -> Result<u64, Failure> {
    let lists = replica.lists()?;
    let since = Instant::now();
    let mut looks = 0;
    while since.elapsed() < replica::LIMIT {
        replica.wait_until_caught_up()?;
        entry.look()?;
        looks += 1;
        if replica.lists()? > lists {
            return Ok(looks);
        }
    }
    Err(Failure::Server(format!("none of {looks} lists was read on the standby")))
}

/// Waits until the log has one more warning.
fn until_warned(site: &Site, warnings: usize) -> Result<(), Failure> {
    let since = Instant::now();
    while since.elapsed() < replica::LIMIT {
        if logged(site, WARNING)? > warnings {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Err(Failure::Server("the log does not tell that the standby fails".to_owned()))
}

const WARNING: &str = "lists are read on the primary";

/// How many lines of the log of the server that lists say that.
fn logged(site: &Site, what: &str) -> Result<usize, Failure> {
    let log = site.log(SERVERS - 1)?;
    Ok(log.lines().filter(|line| line.contains(what)).count())
}

/// Sees what the log tells: each outage, and the end of each but the last.
fn told(site: &Site, outages: usize) -> Result<String, Failure> {
    let warnings = logged(site, WARNING)?;
    let ends = logged(site, "lists are read on the standby again")?;
    // A list that was just read there when another failed makes two of one.
    if !(outages..=2 * outages).contains(&warnings) || ends + 1 != warnings {
        return Err(Failure::Server(format!(
            "{outages} outages were told by {warnings} warnings and {ends} lines about their end"
        )));
    }
    if site
        .passwords()
        .any(|password| site.log(SERVERS - 1).is_ok_and(|log| log.contains(password)))
    {
        return Err(Failure::Server("there is a password in the log".to_owned()));
    }
    Ok(format!("{outages} outages: {warnings} warnings, {ends} lines about their end"))
}
