//! A standby that lacks the last changes is promoted.

use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail, ensure};
use throwaway_postgres::{Durability, Postgres};

use super::reader::Reader;
use super::restored::load;
use crate::claims::standby::replica::Replica;
use crate::database::Database;
use crate::setting::Setting;
use crate::site::{Needs, on_new_site};

/// Ends the primary after changes that the standby never got, promotes that, and goes on differently
/// there: a token of what it has leads on, and a later one is gone.
pub(super) fn lead_on(setting: &Setting<'_>, servers: usize) -> Result<String> {
    // Others need theirs.
    let own = Mutex::new(Postgres::start(Durability::Full)?);
    let program = setting.program.clone();
    let setting = Setting { program, postgres: Some(&own), ..*setting };
    on_new_site(&Needs::new(&setting, "feed_of_standby", servers), |site| {
        let Database::Postgres(primary) = &site.database else {
            bail!("only PostgreSQL has standbys");
        };
        let mut early = Reader::new(site, setting.seed);
        load(&setting, site, 0)?;
        early.catch_up(&site.database)?;
        let mut standby = Replica::new(setting.postgres()?.standby()?, primary)?;
        load(&setting, site, 1)?;
        standby.wait_until_caught_up()?;
        standby.crash()?;
        load(&setting, site, 2)?;
        let mut late = early.at_the_same_place(site);
        late.catch_up(&site.database)?;
        (0..servers).for_each(|server| site.kill(server));
        own.lock().unwrap_or_else(PoisonError::into_inner).crash()?;

        standby.start_again()?;
        standby.promote()?;
        let there = site.on_copy(standby.database())?;
        let mut early = early.at_the_same_place(&there);
        let mut late = late.at_the_same_place(&there);
        ensure!(late.is_gone()?, "a token of lost changes is answered before anything is written");
        for round in 3..6 {
            load(&setting, &there, round)?;
        }
        ensure!(late.is_gone()?, "a token of lost changes is answered after others were written");
        early.catch_up(&there.database)?;
        there.stop()
    })?;
    Ok("a standby without the last changes promoted: the token of before leads on, the later is gone"
        .to_owned())
}
