//! A database that restarts under load.

use std::time::Duration;

use anyhow::Result;

use crate::load::{Kind, Load, Plan};
use crate::setting::{Outcome, Setting};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
The database is stopped, in good order and as by a crash, and started again while batches arrive.
Meanwhile every answer is 503 with Retry-After, that of /readyz too; no verdict is wrong; each server works again by itself
once the database does; and what was acknowledged is stored.";

const PLAN: Plan =
    Plan { writers: 8, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// Each writer stays with its server, so both have to work again.
const SERVERS: usize = 2;

/// How long the database runs before it is stopped, and is down before it is started.
const UP: Duration = Duration::from_millis(700);
const DOWN: Duration = Duration::from_millis(300);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    on_new_site(&Needs::new(setting, "restart", SERVERS), |site| restart(setting, site))
}

fn restart(setting: &Setting<'_>, site: &Site) -> Result<Outcome> {
    let rounds = if setting.is_short { 2 } else { 10 };
    let mut load = Load::new(site, PLAN, setting.seed);
    load.may_be_unavailable = true;
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
                site.check_unready()?;
                progress.wait(DOWN);
                database.start_again()?;
            }
            // Answers to all writers, so from both servers.
            let back = progress.wait_for_acknowledgements(4 * u64::from(PLAN.writers))?;
            longest = longest.max(back);
        }
        refusals = progress.refusals();
        Ok(())
    })?;
    let summary = site.check(&history, PLAN.keys())?;
    Ok(Outcome::Proved(vec![format!(
        "{rounds} restarts; {refusals} requests answered 503; service was back {} ms after the \
         database at the latest; {summary}",
        longest.as_millis(),
    )]))
}
