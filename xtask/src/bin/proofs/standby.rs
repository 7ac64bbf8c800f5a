//! A hot standby that lists are read on.

mod replica;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;
use xtask::postgres::{Durability, Postgres};
use xtask::rng::Rng;

use self::replica::Replica;
use crate::database::Database;
use crate::entry::Entry;
use crate::progress::Progress;
use crate::site::{Needs, Site, on_a_new_site};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
Lists are read on a hot standby that has replayed everything; each shows what was acknowledged before
through another server, whether the standby follows, has stopped to replay, is killed or stands still;
none fails, and the standby is used again by itself. One that was promoted, one that follows another
primary, and a primary that was named as one, are not read. The log tells each outage once, and no
password.";

/// Entries are written through the first, and listed by the last.
const SERVERS: usize = 2;

/// How many write an entry and look for it, time and again, while something happens.
const WRITERS: u16 = 8;

/// The database.
const NAME: &str = "standby";

/// The standby is tried again after the shortest time that can be set, and waited for a short one.
const ARGUMENTS: [&str; 4] = ["--read-database-rest", "1", "--database-wait", "1"];

/// What the servers on a standby are told to do.
fn needs<'a>(setting: &'a Setting<'_>, name: &'a str, standby: &'a str) -> Needs<'a> {
    let (servers, arguments, standby) = (SERVERS, &ARGUMENTS, Some(standby));
    Needs { setting, name, servers, arguments, place: None, standby }
}

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let (primary, standby) = {
        let primary = setting.postgres()?;
        (primary.url().to_owned(), primary.standby()?)
    };
    let url = standby.url().to_owned();
    let on_standby = needs(setting, NAME, &url);
    let mut seen = on_a_new_site(&on_standby, |site| follow(setting, site, standby))?;
    let on_primary = needs(setting, "no_standby", &primary);
    let looks = on_a_new_site(&on_primary, |site| misnamed(site, "it follows no primary"))?;
    seen.push(format!("where a primary was named as the standby, {looks} lists were right"));
    Ok(Seen::Proved(seen))
}

fn follow(setting: &Setting<'_>, site: &Site, standby: Postgres) -> Result<Vec<String>, Failure> {
    let (rounds, pauses, kills) = if setting.is_short { (10, 10, 1) } else { (200, 300, 5) };
    let Database::Postgres(primary) = &site.database else {
        return Err(Failure::Server("only PostgreSQL has standbys".to_owned()));
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
        told(site, kills + 2)?,
    ])
}

fn caught_up(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String, Failure> {
    let mut lists = 0;
    for _ in 0..rounds {
        entry.write()?;
        lists += until_read_there(replica, entry)?;
    }
    Ok(format!("once it had caught up, {rounds} of {lists} lists were read on the standby"))
}

/// A standby that replays nothing.
fn paused(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String, Failure> {
    let before = replica.lists()?;
    replica.pause()?;
    for _ in 0..rounds {
        entry.write()?;
        entry.look()?;
    }
    let there = replica.lists()? - before;
    if there > 0 {
        return Err(Failure::Server(format!("{there} lists were read on a paused standby")));
    }
    replica.resume()?;
    Ok(format!("while it was paused, {rounds} lists were not, and showed everything"))
}

/// A standby that follows many writers, and is behind now and then.
fn busy(site: &Site, replica: &mut Replica, pauses: u64, seed: u64) -> Result<String, Failure> {
    let before = replica.lists()?;
    let mut rng = Rng::new(seed);
    let lists = beside(site, |progress| {
        for _ in 0..pauses {
            progress.wait_for_acknowledgements(rng.below(20))?;
            replica.pause()?;
            progress.wait_for_acknowledgements(rng.below(20))?;
            replica.resume()?;
        }
        Ok(())
    })?;
    let there = replica.lists()? - before;
    Ok(format!(
        "while {WRITERS} wrote and it was paused {pauses} times, {lists} lists showed what had just \
         been written; {there} of them were read on the standby"
    ))
}

/// A standby that is killed, and one that says nothing.
fn away(
    site: &Site,
    replica: &mut Replica,
    entry: &mut Entry<'_>,
    kills: usize,
) -> Result<String, Failure> {
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
        "killed {kills} times and stopped once; {lists} lists meanwhile, all right; used again {} ms \
         later at the latest",
        longest.as_millis()
    ))
}

/// A standby that follows another primary. That has a database of the same name with the same entries
/// under other names, and has written more: nothing else tells that it is another.
fn of_another(setting: &Setting<'_>, replica: &mut Replica) -> Result<String, Failure> {
    if setting.is_short {
        // It takes a further server: seconds.
        return Ok("the standby of another primary is left to the proof without --short".to_owned());
    }
    let before = replica.lists()?;
    let other = Mutex::new(Postgres::start(Durability::Full)?);
    let program = setting.program.clone();
    let setting = Setting { program, postgres: Some(&other), ..*setting };
    let cause = "it follows another primary";
    let url = replica.url().to_owned();
    let looks = on_a_new_site(&needs(&setting, NAME, &url), |site| misnamed(site, cause))?;
    if replica.lists()? > before {
        return Err(Failure::Server("a list was read on a standby of another primary".to_owned()));
    }
    Ok(format!("where the standby of another primary was named, {looks} lists were right"))
}

/// A standby that is one no more, and on which something else was written.
fn promoted(replica: &mut Replica, entry: &mut Entry<'_>, rounds: u64) -> Result<String, Failure> {
    replica.promote()?;
    let before = replica.lists()?;
    for _ in 0..rounds {
        entry.look()?;
    }
    if replica.lists()? > before {
        return Err(Failure::Server("a list was read on a standby that was promoted".to_owned()));
    }
    Ok(format!("when it had been promoted and emptied, {rounds} lists were right"))
}

/// What is no standby, named as the standby; how many lists were right. The log tells that cause.
fn misnamed(site: &Site, cause: &str) -> Result<u64, Failure> {
    let mut entry = Entry::new(site, WRITERS, SERVERS)?;
    entry.write()?;
    let looks = beside(site, |progress| {
        progress.wait_for_acknowledgements(4 * u64::from(WRITERS)).map(drop)
    })?;
    entry.look()?;
    let (warnings, causes) = (logged(site, WARNING)?, logged(site, cause)?);
    if (warnings, causes) != (1, 1) {
        return Err(Failure::Server(format!("{warnings} warnings, {causes} that say: {cause}")));
    }
    Ok(looks)
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
