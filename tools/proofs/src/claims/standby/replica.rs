//! The standby, controlled and read without the servers.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use postgres::Client;
use throwaway_postgres::Postgres;

use crate::database::connect;
use crate::site::in_database;

/// Longer than anything takes in a sound run.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The start of the first statement of a list, in the log of the standby.
const LIST: &str = "SELECT count(*) FROM contact_intercom";

/// A hot standby.
pub(crate) struct Replica {
    server: Postgres,
    /// The database of the servers on it.
    url: String,
    /// A connection to that database, unless it may be broken.
    client: Option<Client>,
    primary: Client,
    log: BufReader<File>,
    /// The last line of the log, which may be incomplete.
    line: Vec<u8>,
    lists: u64,
}

impl Replica {
    /// The standby of the primary with that URL of a database.
    pub(crate) fn new(server: Postgres, primary: &str) -> Result<Self> {
        let file = server.folder().join("log");
        let log = File::open(&file).with_context(|| file.display().to_string())?;
        let (_, database) = primary.rsplit_once('/').unwrap_or_default();
        let url = in_database(server.url(), database);
        let (primary, log) = (connect(primary)?, BufReader::new(log));
        Ok(Self { server, url, client: None, primary, log, line: Vec::new(), lists: 0 })
    }

    /// The URL of the database of the servers on it.
    pub(crate) fn database(&self) -> &str {
        &self.url
    }

    /// The URL of its database `postgres`.
    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    /// Stops it as a crash would.
    pub(crate) fn crash(&mut self) -> Result<()> {
        self.client = None;
        self.server.crash()
    }

    /// Starts it again, and waits until it accepts connections.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.server.start_again()
    }

    /// How many lists were read on it so far. A statement is logged before it runs, so every answered
    /// list is counted.
    pub(crate) fn lists(&mut self) -> Result<u64> {
        while self.log.read_until(b'\n', &mut self.line)? > 0 {
            if self.line.ends_with(b"\n") {
                let is_list = String::from_utf8_lossy(&self.line).contains(LIST);
                self.lists += u64::from(is_list);
                self.line.clear();
            }
        }
        Ok(self.lists)
    }

    /// Waits until it has replayed what the primary has acknowledged by now.
    pub(crate) fn wait_until_caught_up(&mut self) -> Result<()> {
        let written = "SELECT pg_current_wal_flush_lsn()::text";
        let written: String = one(&mut self.primary, written)?;
        self.wait_until(&format!("SELECT pg_last_wal_replay_lsn() >= '{written}'"))
    }

    /// Pauses its replay.
    pub(crate) fn pause(&mut self) -> Result<()> {
        self.run("SELECT pg_wal_replay_pause()")?;
        self.wait_until("SELECT pg_get_wal_replay_pause_state() = 'paused'")
    }

    /// Resumes its replay.
    pub(crate) fn resume(&mut self) -> Result<()> {
        self.run("SELECT pg_wal_replay_resume()")
    }

    /// Suspends all its processes meanwhile: connections stay open without answers.
    pub(crate) fn stand_still(&mut self, meanwhile: impl FnOnce() -> Result<()>) -> Result<()> {
        let others = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity
                       WHERE pid <> pg_backend_pid()";
        let processes: String = one(self.client()?, others)?;
        self.server.signal("STOP", &processes)?;
        let done = meanwhile();
        // After a failure, too: suspended processes cannot be stopped.
        self.server.signal("CONT", &processes)?;
        done
    }

    /// Makes it a primary.
    pub(crate) fn promote(&mut self) -> Result<()> {
        self.server.promote()
    }

    /// Empties the list on it, when it is a primary.
    pub(crate) fn empty(&mut self) -> Result<()> {
        self.run("DELETE FROM contact_intercom")
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        Ok(self.client()?.batch_execute(sql)?)
    }

    fn client(&mut self) -> Result<&mut Client> {
        let client = match self.client.take() {
            Some(client) => client,
            None => connect(&self.url)?,
        };
        Ok(self.client.insert(client))
    }

    fn wait_until(&mut self, condition: &str) -> Result<()> {
        let since = Instant::now();
        while since.elapsed() < LIMIT {
            if one(self.client()?, condition)? {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        bail!("the standby does not meet the condition: {condition}")
    }
}

fn one<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, sql: &str) -> Result<T> {
    Ok(client.query_one(sql, &[])?.get(0))
}
