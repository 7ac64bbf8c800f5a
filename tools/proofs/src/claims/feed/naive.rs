//! A reader as one would write it first.

use std::collections::HashSet;

use anyhow::Result;

use crate::database::{Database, RecordedChange};

/// Reads the changes after the last position that it has seen, some at a time.
pub(super) struct Naive<'a> {
    database: &'a Database,
    at_most: i64,
    position: i64,
    seen: HashSet<RecordedChange>,
}

impl<'a> Naive<'a> {
    pub(super) fn new(database: &'a Database, at_most: i64) -> Self {
        Self { database, at_most, position: 0, seen: HashSet::new() }
    }

    /// Reads a page.
    pub(super) fn read(&mut self) -> Result<()> {
        let page = self.database.changes(self.position, self.at_most)?;
        self.position = page.last().map_or(self.position, |change| change.position);
        self.seen.extend(page);
        Ok(())
    }

    /// How many changes it has missed, and of how many, after it has read to the end.
    pub(super) fn missed(&mut self) -> Result<(usize, usize)> {
        let mut before = None;
        while before.replace(self.position) != Some(self.position) {
            self.read()?;
        }
        let all = self.database.changes(0, i64::MAX)?;
        let missed = all.iter().filter(|change| !self.seen.contains(change)).count();
        Ok((missed, all.len()))
    }
}
