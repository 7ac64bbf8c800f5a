//! The standby, and what is known of it past the servers.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;
use xtask::Failure;
use xtask::postgres::Postgres;

use crate::database::{connect, postgres_failed};
use crate::site::in_database;

/// Longer than anything takes to happen that is going to happen.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// What a list begins with, as the standby logs it: the servers have it log what they ask.
const LIST: &str = "SELECT count(*) FROM contact_intercom";

/// A hot standby.
pub(super) struct Replica {
    server: Postgres,
    /// The database of the servers there.
    url: String,
    /// A connection to that, unless it may have broken.
    client: Option<Client>,
    primary: Client,
    log: BufReader<File>,
    /// The line of the log that is not whole yet.
    line: Vec<u8>,
    lists: u64,
}

impl Replica {
    /// That one, of the database of that URL.
    ///
    /// # Errors
    ///
    /// When its log cannot be read, or the primary does not accept.
    pub(super) fn new(server: Postgres, primary: &str) -> Result<Self, Failure> {
        let file = server.folder().join("log");
        let log = File::open(&file).map_err(Failure::about(file))?;
        let (_, database) = primary.rsplit_once('/').unwrap_or_default();
        let url = in_database(server.url(), database);
        let (primary, log) = (connect(primary)?, BufReader::new(log));
        Ok(Self { server, url, client: None, primary, log, line: Vec::new(), lists: 0 })
    }

    /// The URL of a database of it.
    pub(super) fn url(&self) -> &str {
        self.server.url()
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub(super) fn crash(&mut self) -> Result<(), Failure> {
        self.client = None;
        self.server.crash()
    }

    /// Starts it again, and waits until it accepts.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(super) fn start_again(&mut self) -> Result<(), Failure> {
        self.server.start_again()
    }

    /// How many lists were read on it so far. It logs a statement before it runs it, so a list that
    /// was answered is among them.
    ///
    /// # Errors
    ///
    /// When its log cannot be read.
    pub(super) fn lists(&mut self) -> Result<u64, Failure> {
        while self.log.read_until(b'\n', &mut self.line)? > 0 {
            if self.line.ends_with(b"\n") {
                let is_list = String::from_utf8_lossy(&self.line).contains(LIST);
                self.lists += u64::from(is_list);
                self.line.clear();
            }
        }
        Ok(self.lists)
    }

    /// Waits until it has replayed what is acknowledged on the primary by now.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub(super) fn wait_until_caught_up(&mut self) -> Result<(), Failure> {
        let written = "SELECT pg_current_wal_flush_lsn()::text";
        let written: String = one(&mut self.primary, written)?;
        self.wait_until(&format!("SELECT pg_last_wal_replay_lsn() >= '{written}'"))
    }

    /// Has it replay nothing more.
    ///
    /// # Errors
    ///
    /// When it does not stop.
    pub(super) fn pause(&mut self) -> Result<(), Failure> {
        self.run("SELECT pg_wal_replay_pause()")?;
        self.wait_until("SELECT pg_get_wal_replay_pause_state() = 'paused'")
    }

    /// Has it replay again.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub(super) fn resume(&mut self) -> Result<(), Failure> {
        self.run("SELECT pg_wal_replay_resume()")
    }

    /// Has it stand still meanwhile, as if its machine did: connections stay, and say nothing.
    ///
    /// # Errors
    ///
    /// When it does not, or what is done meanwhile fails.
    pub(super) fn stand_still(
        &mut self,
        meanwhile: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let others = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity
                       WHERE pid <> pg_backend_pid()";
        let processes: String = one(self.client()?, others)?;
        self.server.signal("STOP", &processes)?;
        let done = meanwhile();
        // Whatever happened: nobody could stop what stands still.
        self.server.signal("CONT", &processes)?;
        done
    }

    /// Makes it a primary, and empties the list on it.
    ///
    /// # Errors
    ///
    /// When it is not promoted.
    pub(super) fn promote(&mut self) -> Result<(), Failure> {
        self.wait_until_caught_up()?;
        self.server.promote()?;
        self.run("DELETE FROM contact_intercom")
    }

    fn run(&mut self, sql: &str) -> Result<(), Failure> {
        self.client()?.batch_execute(sql).map_err(postgres_failed)
    }

    fn client(&mut self) -> Result<&mut Client, Failure> {
        let client = match self.client.take() {
            Some(client) => client,
            None => connect(&self.url)?,
        };
        Ok(self.client.insert(client))
    }

    fn wait_until(&mut self, condition: &str) -> Result<(), Failure> {
        let since = Instant::now();
        while since.elapsed() < LIMIT {
            if one(self.client()?, condition)? {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Err(Failure::Server(format!("the standby does not come to that: {condition}")))
    }
}

fn one<T: for<'a> postgres::types::FromSql<'a>>(
    client: &mut Client,
    sql: &str,
) -> Result<T, Failure> {
    client.query_one(sql, &[]).map(|row| row.get(0)).map_err(postgres_failed)
}
