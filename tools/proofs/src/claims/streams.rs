//! Streams of lines: clients that read late, and servers that are killed.

mod client;

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use fastrand::Rng;
use server_process::ServerProcess;
use server_process::client::{Connection, Prepared};

use self::client::{Lines, Reply, Sending};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
A client sends lines as one stream and reads nothing before it has sent all of them, with results of all
items or of problems alone. It is answered in full, for each line once and in order, while the server
takes less than 200 MiB. A server is killed with SIGKILL in the middle of a stream, again and again; no
cut answer looks complete. The client goes on after the last line that was answered; in the end every
contact is there once, in its first version. A client sends everything and never reads the answer: all of
it is stored, and soon nothing is held for it any more.";

/// The most resident memory, in MiB.
const MAX_MEMORY: f64 = 200.0;

/// How long the client waits for a server that starts.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let mut observed = on_new_site(&Needs::new(setting, "streams", 1), |site| {
        let mut observed = unread(setting, site)?;
        observed.push(killed(setting, site)?);
        Ok(observed)
    })?;
    let arguments = ["--write-timeout-seconds", "1"];
    let needs = Needs { arguments: &arguments, ..Needs::new(setting, "streams_stopped", 1) };
    observed.push(on_new_site(&needs, stopped)?);
    Ok(Outcome::Proved(observed))
}

/// Sends everything before it reads anything: new contacts, and the same ones again.
fn unread(setting: &Setting<'_>, site: &Site) -> Result<Vec<String>> {
    let count = if setting.is_short { 30_000 } else { 1_000_000 };
    let lines = Lines('U');
    let mut observed = Vec::new();
    for (results, verdict) in [("all", "created"), ("problems", "unchanged"), ("all", "unchanged")]
    {
        site.ask(0, ServerProcess::reset_peak_memory).context("the server ended")??;
        let mut sending = Sending::open(site.addresses.find(0, LIMIT)?, site.token(), results)?;
        sending.send(&lines, 0..count)?;
        sending.finish()?;
        let sent = sending.since.elapsed().as_secs_f64();
        let received = sending.receive();
        let took = sending.since.elapsed().as_secs_f64();
        ensure!(received.is_complete, "the answer has no end");
        let summary = received.summary.as_ref().context("the answer has no summary")?;
        ensure!(summary[verdict] == count, "{summary}");
        let expected = if results == "all" { count } else { 0 };
        received.check_order(1, expected)?;
        let peak = site.ask(0, ServerProcess::peak_memory).flatten().context("the server ended")?;
        ensure!(peak < MAX_MEMORY, "the server took {peak:.0} MiB");
        let rate = f64::from(u32::try_from(count)?) / took;
        observed.push(format!(
            "{count} {verdict}, results={results}: sent within {sent:.1} s, answered within \
             {took:.1} s, {rate:.0} a second; at most {peak:.0} MiB"
        ));
    }
    Ok(observed)
}

/// Kills the server again and again, until all lines are answered.
fn killed(setting: &Setting<'_>, site: &Site) -> Result<String> {
    let (count, kills) = if setting.is_short { (20_000, 4) } else { (300_000, 40) };
    let lines = Lines('K');
    let mut rng = Rng::with_seed(setting.seed);
    let (mut next, mut answered) = (0, 0);
    for kill in 0..=kills {
        let mut sending = Sending::open(site.addresses.find(0, LIMIT)?, site.token(), "all")?;
        let received = if kill < kills {
            let after = rng.usize(1..count / kills * 100);
            let received = sending.until(&lines, next..count, after, || site.kill(0))?;
            site.start(0)?;
            received
        } else {
            sending.send(&lines, next..count)?;
            sending.finish()?;
            sending.receive()
        };
        let is_last = kill == kills || next + received.results == count;
        ensure!(received.is_complete == (received.summary.is_some()), "the ends disagree");
        ensure!(is_last || !received.is_complete, "a cut answer looks complete");
        received.check_order(1, received.results)?;
        next += received.results;
        answered += received.results;
        if next == count {
            break;
        }
    }
    ensure!(next == count, "{next} of {count} lines were answered");
    let mut again = Sending::open(site.addresses.find(0, LIMIT)?, site.token(), "all")?;
    again.send(&lines, 0..count)?;
    again.finish()?;
    let received = again.receive();
    check_once(&received, count)?;
    Ok(format!("{kills} kills; {answered} results, {count} contacts, each in version 1"))
}

/// Sends everything, and reads nothing.
fn stopped(site: &Site) -> Result<String> {
    const COUNT: usize = 10_000;
    // Long results: short ones would fit into the buffers of the connection.
    let results = "all&return=representation&explain=true";
    let address = site.addresses.find(0, LIMIT)?;
    let mut sending = Sending::open(address, site.token(), results)?;
    sending.send(&Lines('S'), 0..COUNT)?;
    sending.finish()?;
    let sent = Instant::now();
    wait("everything is stored", || Ok(usize::try_from(site.database.count()?)? == COUNT))?;
    let mut connection = Connection::open(address)?;
    wait("nothing is held for an answer that nobody reads", || {
        let answer = connection.send(&Prepared::get("/metrics", site.token()))?;
        let metrics = String::from_utf8_lossy(answer.body);
        let is_zero = |name| metrics.lines().any(|line| line == format!("contact_hub_{name} 0"));
        Ok(is_zero("streams") && is_zero("spooled_kib"))
    })?;
    let took = sent.elapsed().as_secs_f64();
    ensure!(!sending.receive().is_complete, "an answer that nobody read is complete");
    Ok(format!(
        "{COUNT} lines whose answer nobody read: all stored, given up {took:.1} s after the last"
    ))
}

/// Waits until something holds.
fn wait(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let since = Instant::now();
    while !holds()? {
        ensure!(
            since.elapsed() < LIMIT,
            "after {} s, it does not hold that {what}",
            LIMIT.as_secs()
        );
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether each contact is there once, as it was created.
fn check_once(received: &Reply, count: usize) -> Result<()> {
    let summary = received.summary.as_ref().context("the answer has no summary")?;
    ensure!(summary["unchanged"] == count, "{summary}");
    let mut ids = HashSet::new();
    for result in received.lines.iter().filter(|line| line.get("verdict").is_some()) {
        if result["version"] != 1 || !ids.insert(result["id"].as_i64()) {
            bail!("a contact was changed or doubled: {result}");
        }
    }
    ensure!(ids.len() == count, "{} contacts of {count}", ids.len());
    Ok(())
}
