//! Where a contact's time goes in the server: perf(1) samples the stacks of a running server, and
//! callgrind counts the instructions of another one. Both find a stage by the names of functions.

mod instructions;
mod stages;
mod time;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use self::stages::{Costs, PHASES, STAGES};
use crate::engine::Engine;

/// Profiles batches of 1,000 contacts over one connection. Returns a table.
pub(crate) fn profile(program: &Path, engine: &mut dyn Engine, contacts: u32) -> Result<String> {
    let micros = time::measure(program, engine, contacts)?;
    let instructions = instructions::count(program, engine)?;
    let mut table = String::new();
    writeln!(table, "\n{:<28}{:>36}{:>39}", engine.name(), "µs of processor time", "instructions")?;
    write!(table, "{:<28}", "for a contact")?;
    for phase in PHASES.iter().cycle().take(2 * PHASES.len()) {
        write!(table, "{:>12}", phase.verb())?;
    }
    writeln!(table)?;
    let row = |table: &mut String, label: &str, of: &dyn Fn(&Costs) -> f64| -> Result<()> {
        write!(table, "{label:<28}")?;
        for costs in &micros {
            write!(table, "{:>12.1}", of(costs))?;
        }
        for costs in &instructions {
            write!(table, "{:>12.0}", of(costs))?;
        }
        Ok(writeln!(table)?)
    };
    let labels = STAGES.iter().map(|stage| stage.label).chain(["everything else"]);
    for (place, label) in labels.enumerate() {
        row(&mut table, label, &|costs| costs.get(place).copied().unwrap_or_default())?;
    }
    row(&mut table, "together", &|costs| costs.iter().sum())?;
    Ok(table)
}
