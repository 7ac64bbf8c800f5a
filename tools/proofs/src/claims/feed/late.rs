//! A transaction that commits after a later one.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use postgres::Client;
use proofs::history::{Item, Key, Marker, Target, body};
use server_process::client::{Connection, Prepared};

use super::naive::Naive;
use super::reader::Reader;
use super::round::plan;
use crate::database::connect;
use crate::load::{BATCH, join};
use crate::setting::Setting;
use crate::site::Site;

/// The number of a round that no others write.
const ROUND: u16 = 50;

/// How long a step may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Holds a batch back between its first contact and its second, and lets another server commit meanwhile:
/// the reader gets the changes of both, and one by position alone only those of the other.
pub(super) fn lead_on(setting: &Setting<'_>, site: &Site, url: &str) -> Result<String> {
    let first = plan(ROUND).shared.start;
    let [one, held, other] = [first, first + 1, first + 2].map(Key);
    send(site, 0, &[one, held, other], 0)?;
    let mut reader = Reader::new(site, setting.seed);
    reader.catch_up(&site.database)?;
    let mut by_position = Naive::new(&site.database, i64::MAX);

    let mut holder = connect(url)?;
    let mut lock = holder.transaction()?;
    lock.query("SELECT FROM contact WHERE external_id = $1 FOR UPDATE", &[&held.to_string()])?;
    thread::scope(|scope| {
        let late = scope.spawn(|| send(site, 0, &[one, held], 1));
        let meanwhile = wait_for_writer(&mut connect(url)?)
            .and_then(|()| send(site, 1, &[other], 1))
            .and_then(|()| by_position.read())
            .and_then(|()| reader.read());
        // After a failure, too: the other thread waits for it.
        lock.rollback().context("the contact was not released")?;
        join(late).and(meanwhile)
    })?;
    reader.catch_up(&site.database)?;
    let (missed, _) = by_position.missed()?;
    ensure!(missed == 2, "a reader by position alone has missed {missed} of 2 late changes");
    Ok("a batch of two changes committed after a later one: a reader by position alone missed both"
        .to_owned())
}

/// Writes contacts through a server.
fn send(site: &Site, server: usize, keys: &[Key], number: u32) -> Result<()> {
    let mut connection = Connection::open_within(site.addresses.find(server, LIMIT)?, LIMIT)?;
    let marker = Marker { writer: u16::MAX, number };
    let items: Vec<Item> =
        keys.iter().map(|key| Item::plain(Target::ExternalId(*key), marker)).collect();
    let answer = connection.send(&Prepared::post(BATCH, site.token(), &body(&items)))?;
    ensure!(answer.status == 200, "{} {}", answer.status, String::from_utf8_lossy(answer.body));
    Ok(())
}

/// Waits until a transaction that has written something waits for a row.
fn wait_for_writer(client: &mut Client) -> Result<()> {
    const WAITING: &str = "SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND backend_xid IS NOT NULL
                              AND wait_event_type = 'Lock'";
    let since = Instant::now();
    while client.query(WAITING, &[])?.is_empty() {
        ensure!(since.elapsed() < LIMIT, "no transaction waits for the contact");
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
