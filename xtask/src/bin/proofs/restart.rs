//! A database that restarts under load.

use std::time::Duration;

use xtask::Failure;

use crate::plan::{Kind, Plan};
use crate::site::{Needs, Site, on_a_new_site};
use crate::writers::{Load, Tolerance};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
The database is stopped, in good order and as by a crash, and started again while batches arrive.
Meanwhile they are answered 503 with Retry-After, and nothing else; no verdict is wrong; each server
is back by itself when the database is; and what was acknowledged is there.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// Each writer stays with its server, so both have to come back.
const SERVERS: usize = 2;

/// How long the database works before it is stopped, and is away before it is started.
const UP: Duration = Duration::from_millis(700);
const DOWN: Duration = Duration::from_millis(300);

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let needs = Needs {
        setting,
        name: "restart",
        servers: SERVERS,
        arguments: &[],
        place: None,
        standby: None,
    };
    on_a_new_site(&needs, |site| restart(setting, site))
}

fn restart(setting: &Setting<'_>, site: &Site) -> Result<Seen, Failure> {
    let rounds = if setting.is_short { 2 } else { 10 };
    let load = Load {
        plan: PLAN,
        seed: setting.seed,
        doors: &site.doors,
        token: site.token(),
        tolerance: Tolerance { unavailable: true, broken: false },
        witness: None,
    };
    let (mut refusals, mut longest) = (0, Duration::ZERO);
    let history = load.run(|progress| {
        for round in 0..rounds {
            progress.wait(UP);
            {
                let mut database = setting.postgres()?;
                if round % 2 == 0 {
                    database.stop()?;
                } else {
                    database.crash()?;
                }
                progress.wait_for_refusals(u64::from(PLAN.writers))?;
                progress.wait(DOWN);
                database.start_again()?;
            }
            // All writers, and with them both servers.
            let back = progress.wait_for_acknowledgements(4 * u64::from(PLAN.writers))?;
            longest = longest.max(back);
        }
        refusals = progress.refusals();
        Ok(())
    })?;
    let rows = site.database.rows()?;
    let summary = history.check(PLAN.keys(), &rows, setting.store.isolation())?;
    Ok(Seen::Proved(vec![
        format!(
            "{rounds} restarts; {refusals} requests answered 503; service was back {} ms after the \
             database at the latest",
            longest.as_millis(),
        ),
        format!(
            "{} items in {} batches acknowledged, {} of them after one or more sendings without; \
             {} contacts",
            summary.items,
            summary.batches,
            summary.doubtful,
            rows.len(),
        ),
    ]))
}
