//! Servers that are killed while batches arrive.

use std::time::{Duration, Instant};

use xtask::Failure;
use xtask::rng::Rng;

use crate::plan::{Kind, Plan};
use crate::site::{Needs, Site, Store, on_a_new_site};
use crate::writers::{Load, Tolerance};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
A server is killed with SIGKILL while batches arrive, at random moments and right when one has been
acknowledged: on SQLite the only server, on PostgreSQL one of two. Every acknowledged item is there;
of a batch without an answer all is there or nothing; sending it again ends well; and there is one
contact per key.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// How long a server lives at least, and how much longer at most: a batch takes milliseconds.
const LIFE: Duration = Duration::from_millis(20);
const LONGER_MICROSECONDS: u64 = 300_000;

/// Every other server is killed right when a batch is acknowledged, when it has acknowledged at most
/// so many: what was said too early is not there then.
const MOST_BATCHES: u64 = 40;

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let servers = match setting.store {
        // So that nobody is there while it is down, and the next one has to mend what it left.
        Store::Sqlite => 1,
        Store::Postgres => 2,
    };
    let needs =
        Needs { setting, name: "kills", servers, arguments: &[], place: None, standby: None };
    on_a_new_site(&needs, |site| kill(setting, site, servers))
}

fn kill(setting: &Setting<'_>, site: &Site, servers: usize) -> Result<Seen, Failure> {
    let rounds = if setting.is_short { 5 } else { 50 };
    let load = Load {
        plan: PLAN,
        seed: setting.seed,
        doors: &site.doors,
        token: site.token(),
        tolerance: Tolerance { unavailable: false, broken: true },
        witness: Some(&site.database),
    };
    let start = Instant::now();
    let mut rng = Rng::new(setting.seed);
    let history = load.run(|progress| {
        for round in 0..rounds {
            if round % 2 == 0 {
                progress.wait(LIFE + Duration::from_micros(rng.below(LONGER_MICROSECONDS)));
            } else {
                progress.wait_for_acknowledgements(1 + rng.below(MOST_BATCHES))?;
            }
            if progress.is_over() {
                break;
            }
            let server = round % servers;
            site.kill(server);
            site.start(server)?;
        }
        Ok(())
    })?;
    let took = start.elapsed();
    let rows = site.database.rows()?;
    let summary = history.check(PLAN.keys(), &rows, setting.store.isolation())?;
    Ok(Seen::Proved(vec![
        format!(
            "{rounds} kills within {:.1} s; {} items in {} batches acknowledged, {} of them after \
             one or more sendings without an answer",
            took.as_secs_f64(),
            summary.items,
            summary.batches,
            summary.doubtful,
        ),
        format!("{} contacts, the most written at version {}", rows.len(), summary.highest_version),
    ]))
}
