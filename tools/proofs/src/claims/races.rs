//! Many writers on the same contacts.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::load::{Kind, Load, Plan};
use crate::setting::{Outcome, Setting, Store};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
16 writers send overlapping batches over the same 200 external ids through several servers on one
database, with items sent twice, keys exchanged between contacts, and items that break a rule. There
is one contact per external id; every answer follows from the version before; no acknowledged change
is lost; whole batches can be put in one order that agrees with the clock; and only the rules refuse
items. Then all of them create the same 200 new contacts at once, many times.";

const WRITERS: u16 = 16;
const KEYS: u32 = 200;

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let servers = match setting.store {
        // More of them would only wait longer for each other.
        Store::Sqlite => 2,
        Store::Postgres => 3,
    };
    on_new_site(&Needs::new(setting, "races", servers), |site| race(setting, site))
}

fn race(setting: &Setting<'_>, site: &Site) -> Result<Outcome> {
    let (seconds, rounds) = if setting.is_short { (3, 3) } else { (20, 20) };
    let start = Instant::now();
    let mixed =
        Plan { writers: WRITERS, first_writer: 0, shared: 0..KEYS, private: 0, kind: Kind::Mixed };
    let mut history = Load::new(site, mixed, setting.seed).run(|progress| {
        progress.wait(Duration::from_secs(seconds));
        Ok(())
    })?;
    let took = start.elapsed();
    let summary = site.check(&history, 0..KEYS)?;
    let mut lines = vec![format!(
        "within {:.1} s {summary}; {} items unchanged, {} wrong ones refused, {} lost a race for a key",
        took.as_secs_f64(),
        summary.unchanged,
        summary.wrong,
        summary.lost_races,
    )];

    let mut keys = KEYS;
    for round in 1..=rounds {
        let at_once = Plan {
            writers: WRITERS,
            first_writer: round * WRITERS,
            shared: keys..keys + KEYS,
            private: 0,
            kind: Kind::Once,
        };
        let load = Load::new(site, at_once, setting.seed);
        history.deliveries.extend(load.run(|_| Ok(()))?.deliveries);
        keys += KEYS;
    }
    let summary = site.check(&history, 0..keys)?;
    lines.push(format!(
        "{} more, {KEYS} at a time, created by {WRITERS} writers at once; {} items lost a race",
        keys - KEYS,
        summary.lost_races,
    ));
    Ok(Outcome::Proved(lines))
}
