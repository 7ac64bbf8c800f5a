//! Clients that misbehave beside one that does not.

mod answers;
mod bodies;
mod client;
mod connections;
mod lists;
mod objects;
mod tenant;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use server_process::ServerProcess;

use self::client::{Tally, Target};
use self::tenant::Tenant;
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
Clients with a valid token, or without one, send what takes the most time, memory, places and connections
(docs/limits.md), while another organization writes a contact every 50 ms. Its writes are all answered
200, with a 99th percentile below 500 ms or 5 times what it is alone, whichever is more. The server takes
less than 600 MiB, and gives back what it took within 10 s, but for its caches. Every request of the
others is answered or ended in the documented time.";

/// The most that the 99th percentile of the other organization's writes may be.
const MAX_LATENCY: Duration = Duration::from_millis(500);

/// How many times what it is alone the 99th percentile may be.
const MAX_SLOWDOWN: u32 = 5;

/// The most resident memory, in MiB.
const MAX_MEMORY: f64 = 600.0;

/// How soon memory is given back.
const RELEASE: Duration = Duration::from_secs(10);

/// What the server may keep beside what it took at first, in MiB: the page caches of SQLite, and what
/// the allocator keeps for each thread.
const KEPT: f64 = 160.0;

/// Shorter limits for what only ends by them, so that the short form of the proof is short.
const SHORT: [&str; 4] = ["--max-body-seconds", "2", "--write-timeout-seconds", "2"];

type Misbehaviour = (&'static str, fn(&Target) -> Result<Tally>);

const MISBEHAVIOURS: [Misbehaviour; 12] = [
    ("100,000 unknown members", objects::unknown_members),
    ("a member of a region with 1,000", objects::large_region),
    ("1,000 elements that match nothing", objects::elements_without_match),
    ("1,000,000 empty addresses", bodies::empty_addresses),
    ("seven bodies of 2 MB", bodies::few_heavy_items),
    ("64 maximal batches", bodies::maximal_batches),
    ("bodies of a byte every 2 s", bodies::slow_bodies),
    ("4,000 items about one contact", answers::one_large_contact),
    ("answers that nobody reads", answers::unread_answers),
    ("connections without a request", connections::silent_connections),
    ("64 heavy lists", lists::heavy_lists),
    ("thousands of preferences", lists::many_preferences),
];

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let arguments: &[&str] = if setting.is_short { &SHORT } else { &[] };
    let needs = Needs { arguments, ..Needs::new(setting, "greedy", 1) };
    on_new_site(&needs, |site| observe(setting, site))
}

fn observe(setting: &Setting<'_>, site: &Site) -> Result<Outcome> {
    let create = ["organization", "create", "--id", "2", "--name", "another tenant"];
    site.run(&create)?;
    let tenant = site.run(&["token", "create", "--organization", "2"])?;
    let reader = site.run(&["token", "create", "--organization", "1", "--scope", "read"])?;
    let target = Target::new(site, reader, setting.is_short)?;
    let mut tenant = Tenant::new(target.address, tenant);
    lists::fill_directory(&target)?;
    // Long enough for a percentile: at least 100 writes.
    let (alone, ()) = tenant.write_during(|| thread::sleep(Duration::from_secs(5)))?;
    let limit = MAX_LATENCY.max(MAX_SLOWDOWN * alone.p99());
    let kept = memory(site)? + KEPT;
    let mut lines = vec![format!("alone: {alone}")];
    let mut is_proved = alone.refused() == 0;
    for (name, misbehave) in MISBEHAVIOURS {
        let observed = one(site, &target, &mut tenant, misbehave, (limit, kept));
        is_proved &= observed.is_ok();
        let line = observed.unwrap_or_else(|error| format!("NOT PROVED: {error:#}"));
        lines.push(format!("{name}: {line}"));
    }
    ensure!(is_proved, "\n    {}", lines.join("\n    "));
    Ok(Outcome::Proved(lines))
}

/// Lets a client misbehave while the tenant writes, and waits for the memory that it took.
fn one(
    site: &Site,
    target: &Target,
    tenant: &mut Tenant,
    misbehave: fn(&Target) -> Result<Tally>,
    (limit, kept): (Duration, f64),
) -> Result<String> {
    site.ask(0, ServerProcess::reset_peak_memory).context("the server ended")??;
    let (writes, done) = tenant.write_during(|| target.repeat(misbehave))?;
    let peak = site.ask(0, ServerProcess::peak_memory).flatten().context("the server ended")?;
    let observed = format!("{writes}; at most {peak:.0} MiB");
    let tally = done.with_context(|| observed.clone())?;
    let observed = format!("{tally}; {observed}");
    let is_fast = writes.p99() <= limit;
    ensure!(is_fast, "{observed}: writes take more than {} ms", limit.as_millis());
    ensure!(writes.refused() == 0, "{observed}: a write was not answered 200");
    ensure!(peak <= MAX_MEMORY, "{observed}: more than {MAX_MEMORY} MiB");
    let back = wait_for_release(site, kept).with_context(|| observed.clone())?;
    Ok(format!("{observed}, {back}"))
}

/// Waits until the server has given back its memory but for that much.
fn wait_for_release(site: &Site, kept: f64) -> Result<String> {
    let since = Instant::now();
    loop {
        let now = memory(site)?;
        if now <= kept {
            return Ok(format!("{now:.0} MiB after {:.1} s", since.elapsed().as_secs_f64()));
        }
        if since.elapsed() > RELEASE {
            bail!("still {now:.0} MiB after {} s, more than {kept:.0}", RELEASE.as_secs());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The memory of the server, in MiB.
fn memory(site: &Site) -> Result<f64> {
    site.ask(0, ServerProcess::memory).flatten().context("the server ended")
}
