//! Many writers on the same contacts.

use std::time::{Duration, Instant};

use xtask::Failure;

use crate::history::History;
use crate::plan::{Kind, Plan};
use crate::site::{Needs, Site, Store, on_a_new_site};
use crate::writers::{Load, Tolerance};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
16 writers send overlapping batches over the same 200 external ids through several servers on one
database, with items sent twice, keys exchanged between contacts, and items that break a rule. There
is one contact per external id; every answer follows from the version before; no acknowledged change
is lost; whole batches can be put in one order that agrees with the clock; and nobody is refused but
by the rules. Then all of them create the same 200 new contacts at once, time and again.";

const WRITERS: u16 = 16;
const KEYS: u32 = 200;

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let servers = match setting.store {
        // More of them would only wait longer for each other.
        Store::Sqlite => 2,
        Store::Postgres => 3,
    };
    let needs =
        Needs { setting, name: "races", servers, arguments: &[], place: None, standby: None };
    on_a_new_site(&needs, |site| race(setting, site))
}

fn race(setting: &Setting<'_>, site: &Site) -> Result<Seen, Failure> {
    let (seconds, rounds) = if setting.is_short { (3, 3) } else { (20, 20) };
    let start = Instant::now();
    let mixed =
        Plan { writers: WRITERS, first_writer: 0, shared: 0..KEYS, private: 0, kind: Kind::Mixed };
    let mut history = load(setting, site, mixed).run(|progress| {
        progress.wait(Duration::from_secs(seconds));
        Ok(())
    })?;
    let took = start.elapsed();
    let summary = history.check(0..KEYS, &site.database.rows()?, setting.store.isolation())?;
    let mut seen = vec![
        format!(
            "{} items in {} batches within {:.1} s, {} of them unchanged, {} wrong ones refused",
            summary.items,
            summary.batches,
            took.as_secs_f64(),
            summary.unchanged,
            summary.wrong,
        ),
        format!(
            "{KEYS} contacts, the most written at version {}; {} items lost a race for a key",
            summary.highest_version, summary.lost_races,
        ),
    ];

    let mut keys = KEYS;
    for round in 1..=rounds {
        let at_once = Plan {
            writers: WRITERS,
            first_writer: round * WRITERS,
            shared: keys..keys + KEYS,
            private: 0,
            kind: Kind::Once,
        };
        let History { deliveries } = load(setting, site, at_once).run(|_| Ok(()))?;
        history.deliveries.extend(deliveries);
        keys += KEYS;
    }
    let rows = site.database.rows()?;
    let summary = history.check(0..keys, &rows, setting.store.isolation())?;
    seen.push(format!(
        "{} more, {KEYS} at a time, created by {WRITERS} writers at once; {} items lost a race",
        rows.len() - usize::try_from(KEYS).unwrap_or(0),
        summary.lost_races,
    ));
    Ok(Seen::Proved(seen))
}

fn load<'a>(setting: &Setting<'_>, site: &'a Site, plan: Plan) -> Load<'a> {
    Load {
        plan,
        seed: setting.seed,
        doors: &site.doors,
        token: site.token(),
        tolerance: Tolerance { unavailable: false, broken: false },
        witness: None,
    }
}
