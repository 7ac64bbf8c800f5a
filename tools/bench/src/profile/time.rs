//! Processor time by stage: perf(1) samples stacks, 499 times a second.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use server_process::ServerProcess;
use tempfile::TempDir;

use super::stages::{Costs, PHASES, STAGES, of_function};
use crate::engine::Engine;
use crate::erp;
use crate::load::{Request, send};
use crate::measured::Sample;

/// Microseconds for a contact in each phase.
pub(super) fn measure(
    program: &Path,
    engine: &mut dyn Engine,
    contacts: u32,
) -> Result<[Costs; PHASES.len()]> {
    let mut database = engine.create()?;
    let server = database.serve(program, None)?;
    let mut all = [Costs::default(); PHASES.len()];
    // Half of the contacts are measured, the other half sampled: sampling takes time itself.
    let halves = [0..contacts, contacts..2 * contacts];
    let [mut measured, mut sampled] = [Vec::new(), Vec::new()];
    for (numbers, requests) in halves.into_iter().zip([&mut measured, &mut sampled]) {
        for phase in PHASES {
            requests.push(erp::batches(phase, numbers.clone(), 1_000, server.token()));
        }
    }
    for ((measured, sampled), costs) in measured.iter().zip(&sampled).zip(&mut all) {
        let micros = server_micros(&send(&server, None, measured, 1)?)?;
        let shares = sample(&server, sampled)?;
        *costs = shares.map(|share| share * micros);
    }
    server.stop()?;
    engine.discard(database)?;
    Ok(all)
}

fn server_micros(sample: &Sample) -> Result<f64> {
    let work = sample.work.context("the processor time is unknown on this system")?;
    Ok(sample.per_contact(work.server))
}

/// Sends the requests while the server is sampled. Returns the share of each stage.
fn sample(server: &ServerProcess, requests: &[Request<erp::Versions>]) -> Result<Costs> {
    let folder = TempDir::new()?;
    let file = folder.path().join("perf.data");
    let mut perf = Command::new("perf")
        .args(["record", "--quiet", "--event", "cpu-clock", "--freq", "499"])
        .args(["--call-graph", "dwarf,16384", "--pid", &server.id().to_string(), "--output"])
        .arg(&file)
        // It records from before this prints until its input ends.
        .args(["--", "sh", "-c", "echo recording; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("perf cannot be run; the package linux-perf has it")?;
    let (input, output) = (perf.stdin.take(), perf.stdout.take().context("no output of perf")?);
    BufReader::new(output).read_line(&mut String::new())?;
    send(server, None, requests, 1)?;
    drop(input);
    ensure!(perf.wait()?.success(), "perf failed");
    let script = Command::new("perf")
        .args(["script", "--no-inline", "--fields", "comm,ip,sym", "--input"])
        .arg(&file)
        .stderr(Stdio::null())
        .output()?;
    ensure!(script.status.success(), "perf script failed");
    Ok(shares(&String::from_utf8_lossy(&script.stdout)))
}

/// The share of each stage in what `perf script` prints: stacks with an empty line between. The stage
/// is that of the innermost function that has one.
fn shares(script: &str) -> Costs {
    let mut counts = Costs::default();
    let stacks = script.split("\n\n").filter(|stack| stack.contains('\n'));
    for stack in stacks {
        let place = stack.lines().skip(1).find_map(of_function).unwrap_or(STAGES.len());
        if let Some(count) = counts.get_mut(place) {
            *count += 1.0;
        }
    }
    let all = counts.iter().sum::<f64>().max(1.0);
    counts.map(|count| count / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_counts_for_its_innermost_stage() {
        let decide =
            "w \n\t 1 mi_malloc\n\t 2 contacts_domain::upsert::application::Application::apply\n";
        let row = decide.replace("mi_malloc", "contact::row_builder::RowBuilder::build");
        let shares = shares(&[decide, &row, "w \n\t 3 epoll_wait\n", decide].join("\n"));
        let of = |label| {
            let place = STAGES.iter().position(|stage| stage.label == label);
            shares[place.unwrap_or(STAGES.len())]
        };
        assert_eq!(["decide", "make the row", "everything else"].map(of), [0.5, 0.25, 0.25]);
    }
}
