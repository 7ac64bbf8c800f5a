//! Removes what a purge has left in the files, between the transactions of the writer.
//!
//! FTS5 marks words as deleted, and leaves them out when it writes its pages anew. SQLite leaves copies of
//! rows in unused room when it moves them from page to page. The log holds what it held until that is
//! overwritten. So all words are written anew, some pages at a time; a file that is not too large is
//! built anew; and the log is emptied. The file notes what is still to do, for the next start.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::checkpoints::checkpoint;
use crate::connect::Failure;
use crate::statements::search;
use crate::statements::write::purge::{has_traces, note_traces, overwriting};

/// What is left to do.
pub(super) struct Erasure {
    /// When contacts were purged of which nothing but the rows is removed yet.
    purged_at: Option<Instant>,
    /// The pass over all words that is under way.
    pass: Option<Pass>,
    /// When the writer tries to empty the log.
    emptied_from: Option<Instant>,
}

/// A pass over all words. If words are written meanwhile, FTS5 may end the first one too early.
#[derive(Debug, Clone, Copy)]
struct Pass {
    is_begun: bool,
    is_last: bool,
}

/// How many pages of words are written anew at a time: about 25 ms.
const PAGES: i32 = 100;

/// How often the writer tries to empty a log that others read.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// For how long at most the writer waits for a pause after a purge.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// The largest file that the writer builds anew, in bytes: about three seconds.
const MAX_REBUILT: i64 = 256 << 20;

impl Erasure {
    /// What the last process has left to do.
    pub(super) fn find(connection: &mut SqliteConnection) -> Result<Self, Failure> {
        let mut found = Self { purged_at: None, pass: None, emptied_from: None };
        if has_traces(connection)? {
            found.note_purge();
        }
        Ok(found)
    }

    /// Notes that contacts were purged.
    pub(super) fn note_purge(&mut self) {
        self.purged_at.get_or_insert_with(Instant::now);
        self.emptied_from.get_or_insert_with(Instant::now);
    }

    /// Whether there is something to do at once.
    pub(super) fn is_under_way(&self) -> bool {
        self.pass.is_some()
    }

    /// Does a part of it, if it is due: in a pause, or some seconds after a purge. If it fails, for lack
    /// of room, the next purge tries again, or the next start.
    pub(super) fn advance(&mut self, connection: &mut SqliteConnection, is_pause: bool) {
        let is_due = |purged_at: &mut Instant| is_pause || purged_at.elapsed() >= MAX_DELAY;
        if self.pass.is_none() && self.purged_at.take_if(is_due).is_some() {
            self.pass = Some(Pass { is_begun: false, is_last: false });
        }
        if let Some(pass) = self.pass.take()
            && let Ok(next) = pass.go_on(connection)
        {
            self.pass = next;
            if next.is_none() && self.rebuild(connection).is_ok() {
                self.emptied_from = Some(Instant::now());
            }
        }
    }

    /// Does all of it, unless the file is too large for that.
    pub(super) fn finish(&mut self, connection: &mut SqliteConnection) {
        let is_small = size(connection).is_ok_and(|bytes| bytes <= MAX_REBUILT);
        while is_small && (self.pass.is_some() || self.purged_at.is_some()) {
            self.advance(connection, true);
        }
    }

    /// Empties the log, if that is due.
    pub(super) fn empty_log(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        if self.emptied_from.is_some_and(|from| from <= Instant::now()) {
            self.emptied_from = when_to_empty_again(connection)?;
        }
        Ok(())
    }

    fn rebuild(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        if size(connection)? <= MAX_REBUILT {
            connection.batch_execute("VACUUM")?;
        }
        if self.purged_at.is_none() {
            note_traces(connection, false)?;
        }
        Ok(())
    }
}

impl Pass {
    /// Returns what follows, if anything does.
    fn go_on(self, connection: &mut SqliteConnection) -> Result<Option<Self>, Failure> {
        let merge = if self.is_begun { search::go_on_merging } else { search::begin_merging };
        let has_merged = overwriting(connection, |connection| merge(connection, PAGES))?;
        Ok(match self {
            Self { is_last, .. } if has_merged => Some(Self { is_begun: true, is_last }),
            Self { is_last: false, .. } => Some(Self { is_begun: false, is_last: true }),
            Self { is_last: true, .. } => None,
        })
    }
}

/// The size of the database file.
fn size(connection: &mut SqliteConnection) -> QueryResult<i64> {
    let pages = sql::<BigInt>("PRAGMA page_count").get_result::<i64>(connection)?;
    let bytes = sql::<BigInt>("PRAGMA page_size").get_result::<i64>(connection)?;
    Ok(pages.saturating_mul(bytes))
}

/// Copies the log and empties it, unless others read it: it does not wait for them. Returns when to try
/// again.
fn when_to_empty_again(connection: &mut SqliteConnection) -> QueryResult<Option<Instant>> {
    let timeout = sql::<BigInt>("PRAGMA busy_timeout").get_result::<i64>(connection)?;
    connection.batch_execute("PRAGMA busy_timeout = 0")?;
    let log = checkpoint(connection, "TRUNCATE");
    connection.batch_execute(&format!("PRAGMA busy_timeout = {timeout}"))?;
    Ok(log?.is_busy.then(|| Instant::now() + TRY_EVERY))
}
