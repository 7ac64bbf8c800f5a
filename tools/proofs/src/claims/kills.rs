//! Servers that are killed while batches arrive.

use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;

use crate::load::{Kind, Load, Plan};
use crate::setting::{Outcome, Setting, Store};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
A server is killed with SIGKILL while batches arrive, at random moments and right after one has been
acknowledged: on SQLite the only server, on PostgreSQL one of two. Every acknowledged item is stored;
a batch without an answer is stored as a whole or not at all; sending it again succeeds; and there is
one contact per key.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// How long a server lives at least, and how much longer at most. A batch takes milliseconds.
const LIFE: Duration = Duration::from_millis(20);
const LONGER_MICROSECONDS: u64 = 300_000;

/// Every other server is killed right after a batch is acknowledged, at the latest after that many: a
/// batch that was acknowledged too early would be missing.
const MOST_BATCHES: u64 = 40;

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let servers = match setting.store {
        // So that none is up meanwhile, and the next one has to repair what it left.
        Store::Sqlite => 1,
        Store::Postgres => 2,
    };
    on_new_site(&Needs::new(setting, "kills", servers), |site| kill(setting, site, servers))
}

fn kill(setting: &Setting<'_>, site: &Site, servers: usize) -> Result<Outcome> {
    let rounds = if setting.is_short { 5 } else { 50 };
    let mut load = Load::new(site, PLAN, setting.seed);
    load.may_break = true;
    load.witness = Some(&site.database);
    let start = Instant::now();
    let mut rng = Rng::with_seed(setting.seed);
    let history = load.run(|progress| {
        for round in 0..rounds {
            if round % 2 == 0 {
                progress.wait(LIFE + Duration::from_micros(rng.u64(..LONGER_MICROSECONDS)));
            } else {
                progress.wait_for_acknowledgements(rng.u64(1..=MOST_BATCHES))?;
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
    let took = start.elapsed().as_secs_f64();
    let summary = site.check(&history, PLAN.keys())?;
    Ok(Outcome::Proved(vec![format!("{rounds} kills within {took:.1} s; {summary}")]))
}
