//! Instructions by stage: callgrind counts them in a server that runs on valgrind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::stages::{Costs, PHASES, STAGES, of_function};
use crate::engine::Engine;
use crate::erp;
use crate::load::send;
use crate::measured::Phase;

/// How many contacts are sent: a server on valgrind is 50 times as slow.
const CONTACTS: u32 = 1_000;

/// Instructions for a contact in each phase.
pub(super) fn count(program: &Path, engine: &mut dyn Engine) -> Result<[Costs; PHASES.len()]> {
    let folder = TempDir::new()?;
    let mut database = engine.create()?;
    // Another contact first, so that what a server does once is not counted.
    let server = database.serve(&on_callgrind(program, folder.path())?, None)?;
    let pid = server.id().to_string();
    let first = erp::batches(Phase::Create, CONTACTS..CONTACTS + 1, 1, server.token());
    send(&server, None, &first, 1)?;
    let mut all = [Costs::default(); PHASES.len()];
    for (phase, costs) in PHASES.into_iter().zip(&mut all) {
        let requests = erp::batches(phase, 0..CONTACTS, CONTACTS, server.token());
        control(&["--zero", &pid])?;
        send(&server, None, &requests, 1)?;
        control(&["--dump", &pid])?;
        *costs = costs_of(&annotate(&newest(folder.path())?)?);
    }
    server.stop()?;
    engine.discard(database)?;
    Ok(all)
}

/// A program that runs the server on callgrind.
fn on_callgrind(program: &Path, folder: &Path) -> Result<PathBuf> {
    let wrapper = folder.join("contact-hub");
    let (program, output) = (program.display(), folder.display());
    let script = format!(
        "#!/bin/sh\nexec valgrind --quiet --tool=callgrind \
         --callgrind-out-file='{output}/out' '{program}' \"$@\"\n"
    );
    fs::write(&wrapper, script)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700))?;
    Ok(wrapper)
}

fn control(arguments: &[&str]) -> Result<()> {
    let done = Command::new("callgrind_control").args(arguments).output();
    let done = done.context("callgrind cannot be run; the package valgrind has it")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// The last dump: `out.1`, `out.2`, …
fn newest(folder: &Path) -> Result<PathBuf> {
    let dumps = (1..).map(|number| folder.join(format!("out.{number}")));
    dumps.take_while(|dump| dump.exists()).last().context("callgrind has written nothing")
}

fn annotate(dump: &Path) -> Result<String> {
    let printed = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100"])
        .arg(dump)
        .output()?;
    ensure!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    Ok(String::from_utf8_lossy(&printed.stdout).into_owned())
}

/// The instructions of each stage in what `callgrind_annotate` prints: `1,234 ( 5.6%)  file:function`
/// lines, calls included. A stage counts as its largest function.
fn costs_of(printed: &str) -> Costs {
    let mut costs = Costs::default();
    let mut total = 0.0;
    for line in printed.lines() {
        let Some((number, name)) = line.trim_start().split_once(" (") else { continue };
        let Ok(number) = number.replace(',', "").parse::<f64>() else { continue };
        let of_contact = number / f64::from(CONTACTS);
        if name.contains("PROGRAM TOTALS") {
            total = of_contact;
        } else if let Some(cost) = of_function(name).and_then(|place| costs.get_mut(place)) {
            *cost = cost.max(of_contact);
        }
    }
    let row = STAGES.iter().position(|stage| stage.label == "make the row");
    let row = row.and_then(|place| costs.get(place)).copied().unwrap_or_default();
    let decide = STAGES.iter().position(|stage| stage.label == "decide");
    if let Some(decide) = decide.and_then(|place| costs.get_mut(place)) {
        *decide -= row;
    }
    let stages = costs.iter().sum::<f64>();
    let [.., rest] = &mut costs;
    *rest = total - stages;
    costs
}
