//! A day of several systems of several organizations, in an hour or less.

mod balancer;
mod caller;
mod organization;
mod reader;
mod tally;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use self::balancer::Balancer;
use self::caller::Caller;
use self::organization::{Clock, Organization, Size};
use self::reader::Reader;
use self::tally::Tally;
use crate::database::{Database, connect};
use crate::load::{Progress, side_by_side};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
Three servers behind HAProxy, over one PostgreSQL with a hot standby, take a day of several
organizations: each night an ERP syncs by batches and a CRM by a stream, by day people enter, read,
list and search contacts, and a reader follows the change feed. A server is stopped and started in a
night and at noon; HAProxy finds out by /readyz. Every request is answered, perhaps sent again; what was
entered is read and found; in the end each contact is stored once, in the right version, and the copies
of the readers equal the table.";

const SERVERS: usize = 3;

/// The threads of an organization: its systems, and the reader.
const SYSTEMS: usize = 4;

/// When a server is stopped and started again.
const OUTAGES: [(usize, f64, f64); 2] = [(1, 3.0, 5.0), (2, 12.0, 14.0)];

/// How long the readers may take for the last changes.
const LIMIT: Duration = Duration::from_secs(20);

/// How often it is looked at the standby.
const PERIOD: Duration = Duration::from_millis(250);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let Some(version) = balancer::version() else {
        return Ok(Outcome::Skipped("HAProxy is not installed".to_owned()));
    };
    let standby = setting.postgres()?.standby()?;
    let needs = Needs { standby: Some(standby.url()), ..Needs::new(setting, "day", SERVERS) };
    on_new_site(&needs, |site| {
        let mut lines = live(setting, site)?;
        lines.insert(0, format!("{SERVERS} servers behind HAProxy {version}, one standby"));
        Ok(Outcome::Proved(lines))
    })
}

/// What a thread has in the end.
#[derive(Default)]
struct Done {
    acknowledged: HashMap<String, Instant>,
    reader: Option<Reader>,
}

fn live(setting: &Setting<'_>, site: &Site) -> Result<Vec<String>> {
    let (count, hour, size) = match setting.is_short {
        true => (3, 900, Size { batches: 3, items: 1_000, lines: 2_000, entered: 60 }),
        false => (20, 150_000, Size { batches: 30, items: 1_000, lines: 20_000, entered: 3_000 }),
    };
    let organizations = organizations(site, count, size)?;
    let addresses: Vec<_> =
        (0..SERVERS).map(|server| site.addresses.find(server, LIMIT)).collect::<Result<_>>()?;
    let folder = tempfile::Builder::new().prefix("contact-hub-haproxy-").tempdir()?;
    let balancer = Balancer::start(folder.path(), &addresses)?;
    let (tally, ended) = (Tally::default(), AtomicUsize::new(0));
    let clock = Clock { start: Instant::now(), hour: Duration::from_millis(hour) };
    let run = |number: u16, progress: &Progress| {
        let number = usize::from(number);
        let Some(organization) = organizations.get(number / SYSTEMS) else {
            return watch(site, &tally, progress).map(|()| Done::default());
        };
        let mut caller = Caller::new(balancer.address(), &tally);
        let mut done = Done::default();
        match number % SYSTEMS {
            0 => organization.sync_batches(&mut caller, clock, progress)?,
            1 => organization.sync_stream(&mut caller, clock, progress)?,
            2 => done.acknowledged = organization.work(&mut caller, clock, progress)?,
            _ => {
                let mut reader = Reader::default();
                while !progress.is_over() {
                    reader.read(&mut caller, &organization.token)?;
                }
                done.reader = Some(reader);
            }
        }
        ended.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    };
    let mut observed = Vec::new();
    let systems = count * (SYSTEMS - 1);
    let threads = u16::try_from(count * SYSTEMS + 1)?;
    let done = side_by_side(threads, run, |progress| {
        for (server, down, up) in OUTAGES {
            clock.wait_for(down, progress);
            observed.push(outage(site, &balancer, server, || clock.wait_for(up, progress))?);
        }
        while ended.load(Ordering::Relaxed) < systems && !progress.is_over() {
            progress.wait(PERIOD);
        }
        Ok(())
    })?;
    let took = clock.start.elapsed();
    let stored = check(site, &organizations, done, &balancer, &tally)?;
    let summary = format!("{count} organizations, {stored} contacts, {:.0} s", took.as_secs_f64());
    Ok([summary].into_iter().chain(observed).chain(tally.lines(took)).collect())
}

fn organizations(site: &Site, count: usize, size: Size) -> Result<Vec<Organization>> {
    let mut organizations = Vec::new();
    for id in (1..).take(count) {
        let (name, number) = (format!("Organization {id}"), id.to_string());
        if id > 1 {
            site.run(&["organization", "create", "--id", &number, "--name", &name])?;
        }
        let token = site.run(&["token", "create", "--organization", &number])?;
        organizations.push(Organization { id, token, size });
    }
    Ok(organizations)
}

/// Stops a server, and starts it again. The balancer has to notice both.
fn outage(
    site: &Site,
    balancer: &Balancer,
    server: usize,
    meanwhile: impl FnOnce(),
) -> Result<String> {
    let before = balancer.state(server)?;
    ensure!(before.check == "L7OK", "the balancer does not ask /readyz: {before:?}");
    site.stop_one(server)?;
    let noticed = balancer.wait_for(server, "DOWN")?;
    let while_down = balancer.state(server)?;
    meanwhile();
    let after = balancer.state(server)?;
    ensure!(after.requests == while_down.requests, "requests went to a server that is down");
    site.start(server)?;
    let started = Instant::now();
    balancer.move_server(server, site.addresses.find(server, LIMIT)?)?;
    balancer.wait_for(server, "UP")?;
    let back = started.elapsed();
    while balancer.state(server)?.requests == after.requests {
        ensure!(started.elapsed() < LIMIT, "server {} gets no requests again", server + 1);
        thread::sleep(Duration::from_millis(20));
    }
    Ok(format!(
        "server {} stopped: out of the balancer {} ms after its end ({}), back {} ms after its start",
        server + 1,
        noticed.as_millis(),
        while_down.check,
        back.as_millis()
    ))
}

/// Looks how far the standby lags behind until the day is over.
fn watch(site: &Site, tally: &Tally, progress: &Progress) -> Result<()> {
    const REPLAY: &str = "
        SELECT coalesce(extract(epoch FROM max(replay_lag)), 0)::float8 FROM pg_stat_replication";
    let mut primary = connect(url(site)?)?;
    while !progress.is_over() {
        let replay: f64 = primary.query_one(REPLAY, &[])?.get(0);
        tally.lags("standby", Duration::from_secs_f64(replay.max(0.0)));
        progress.wait(PERIOD);
    }
    Ok(())
}

/// Compares the tables with what was acknowledged and with the copies of the readers. Returns how many
/// contacts there are.
fn check(
    site: &Site,
    organizations: &[Organization],
    done: Vec<Done>,
    balancer: &Balancer,
    tally: &Tally,
) -> Result<usize> {
    let mut threads = done.into_iter();
    let mut all = 0;
    for organization in organizations {
        let (stored, versions) = stored(url(site)?, organization.id)?;
        let expected = organization.expected();
        let wrong = expected.iter().find(|(key, contact)| stored.get(*key) != Some(contact));
        ensure!(wrong.is_none(), "organization {} lacks {wrong:?}", organization.id);
        ensure!(versions.len() == expected.len(), "there are contacts that nobody sent");
        all += versions.len();
        let (mut acknowledged, mut reader) = (HashMap::new(), Reader::default());
        for done in threads.by_ref().take(SYSTEMS) {
            acknowledged.extend(done.acknowledged);
            reader = done.reader.unwrap_or(reader);
        }
        let mut caller = Caller::new(balancer.address(), tally);
        let since = Instant::now();
        while reader.read(&mut caller, &organization.token)? || reader.copy != versions {
            ensure!(since.elapsed() < LIMIT, "the feed differs from the table");
        }
        for (key, at) in acknowledged {
            let seen = reader.seen.get(&key).with_context(|| format!("no feed showed {key}"))?;
            tally.lags("feed", seen.saturating_duration_since(at));
        }
    }
    Ok(all)
}

type Stored = (BTreeMap<String, (String, i64)>, BTreeMap<i64, i64>);

/// The contacts of an organization: name and version by external id, and the version by id.
fn stored(url: &str, organization: i32) -> Result<Stored> {
    const CONTACTS: &str = "
        SELECT id, version, external_id, document->>'lastName' FROM contact
         WHERE organization_id = $1 AND deleted_at IS NULL";
    let (mut by_key, mut by_id) = (BTreeMap::new(), BTreeMap::new());
    for row in connect(url)?.query(CONTACTS, &[&organization])? {
        by_id.insert(row.get(0), row.get(1));
        by_key.insert(row.get(2), (row.get(3), row.get(1)));
    }
    Ok((by_key, by_id))
}

fn url(site: &Site) -> Result<&str> {
    match &site.database {
        Database::Postgres(url) => Ok(url),
        Database::Sqlite(_) => bail!("only PostgreSQL has standbys"),
    }
}
