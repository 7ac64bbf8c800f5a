//! The processor time of each process: proc(5), read before and after.

use std::fs;
use std::time::Duration;

use crate::measured::Work;

/// A tick of proc(5): 1/100 s wherever Linux runs today (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

/// The processes that are measured besides this one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meter {
    /// The server under test.
    pub(crate) server: Option<u32>,
    /// The parent of the database's processes.
    pub(crate) database: Option<u32>,
}

/// The ticks used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    client: u64,
    server: u64,
    database: u64,
    machine: u64,
}

/// The fields of `/proc/PID/stat`.
struct Process {
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Meter {
    /// Reads it. `None` where there is no `/proc`.
    pub(crate) fn read(&self) -> Option<Reading> {
        let used = |process: Option<u32>| {
            process.map_or(Some(0), |id| process_of(&id.to_string()).map(|process| process.own))
        };
        Some(Reading {
            client: used(Some(std::process::id()))?,
            server: used(self.server)?,
            database: self.database.map_or(Some(0), family)?,
            machine: machine(&fs::read_to_string("/proc/stat").ok()?)?,
        })
    }
}

impl Reading {
    /// The work between the earlier reading and this one.
    pub(crate) fn since(&self, earlier: &Self) -> Work {
        let between = |of: fn(&Self) -> u64| of(self).saturating_sub(of(earlier));
        let [client, server, database, machine] = [
            between(|r| r.client),
            between(|r| r.server),
            between(|r| r.database),
            between(|r| r.machine),
        ];
        let others = machine.saturating_sub(client + server + database);
        let [client, server, database, others] = [client, server, database, others].map(time);
        Work { client, server, database, others }
    }
}

fn time(ticks: u64) -> Duration {
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// The ticks of a process and its children, including ended ones.
fn family(parent: u32) -> Option<u64> {
    let head = process_of(&parent.to_string())?;
    let names = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    let children = names.filter_map(|name| process_of(&name)).filter(|p| p.parent == parent);
    Some(head.own + head.ended_children + children.map(|child| child.own).sum::<u64>())
}

fn process_of(id: &str) -> Option<Process> {
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name in parentheses may contain anything. The fields after it are numbers, except the first.
fn parse(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields = rest.split(' ').collect::<Vec<_>>();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        ended_children: number(13)? + number(14)?,
    })
}

/// The busy ticks of all cores: all but idle ones and those of waiting for disks.
fn machine(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.strip_prefix("cpu")?.split_ascii_whitespace();
    // The first eight: they include the ticks of guests, which follow.
    let ticks = fields.take(8).enumerate().filter(|(place, _)| ![3, 4].contains(place));
    ticks.map(|(_, ticks)| ticks.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_with_any_name_is_read() {
        let line = "7 (a) b (c) S 1 7 7 0 -1 4194560 2 0 0 0 100 20 3 4 20 0 1 0 5 6 7";
        let process = parse(line).unwrap();
        assert_eq!((process.parent, process.own, process.ended_children), (1, 120, 7));
    }

    #[test]
    fn idle_and_waiting_ticks_are_not_busy() {
        let stat = "cpu  1 2 4 1000 2000 8 16 32 64 128\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(machine(stat), Some(63));
    }

    #[test]
    fn remaining_ticks_belong_to_others() {
        let earlier = Reading { client: 1, server: 2, database: 3, machine: 10 };
        let later = Reading { client: 2, server: 4, database: 7, machine: 27 };
        let tens = |ticks: u64| Duration::from_millis(10 * ticks);
        let expected =
            Work { client: tens(1), server: tens(2), database: tens(4), others: tens(10) };
        assert_eq!(later.since(&earlier), expected);
    }
}
