//! Servers on one database.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use xtask::Failure;
use xtask::hub::{Hub, Launch};
use xtask::postgres::Postgres;

use crate::Setting;
use crate::database::{self, Database};
use crate::doors::Doors;
use crate::order::Isolation;

/// The kinds of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// A file of the bundled SQLite
    Sqlite,
    /// A database of a throwaway PostgreSQL
    Postgres,
}

impl Store {
    /// How batches that happen at once appear on it.
    pub(crate) fn isolation(self) -> Isolation {
        match self {
            // There is one writer at a time.
            Self::Sqlite => Isolation::Serial,
            // What is only looked at is not locked.
            Self::Postgres => Isolation::Snapshot,
        }
    }
}

/// A new database with servers on it.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) doors: Doors,
    /// `None` while one is down.
    servers: Mutex<Vec<Option<Hub>>>,
    launch: Launch,
}

impl Site {
    fn open(needs: &Needs<'_>, folder: &Path) -> Result<Self, Failure> {
        let Needs { setting, name, servers, arguments, place } = *needs;
        let mut launch = Launch {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..Launch::new(&setting.program, folder)
        };
        let database = match setting.store {
            Store::Sqlite => {
                let file = place.unwrap_or(folder).join("contact-hub.db");
                launch.database_url = Some(format!("sqlite://{}", file.display()));
                Database::Sqlite(file)
            }
            Store::Postgres => {
                let server = setting.postgres()?;
                let url = new_database(&server, name, place)?;
                launch.database_url = Some(url.clone());
                Database::Postgres(url)
            }
        };
        let doors = Doors::new(servers);
        let mut site = Self { database, doors, servers: Mutex::default(), launch };
        for number in 0..servers {
            site.servers().push(None);
            site.start(number)?;
            let token = site.servers().iter().flatten().next().map(|hub| hub.token().to_owned());
            site.launch.token = token;
        }
        site.launch.quiet = true;
        Ok(site)
    }

    /// A token for all of them.
    pub(crate) fn token(&self) -> &str {
        self.launch.token.as_deref().unwrap_or_default()
    }

    /// Kills the server of that number with SIGKILL.
    pub(crate) fn kill(&self, number: usize) {
        if let Some(server) = self.servers().get_mut(number).and_then(Option::take) {
            server.kill();
        }
        self.doors.set(number, None);
    }

    /// Starts the server of that number, for the first time or again.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) fn start(&self, number: usize) -> Result<(), Failure> {
        let log = format!("server-{}.log", number + 1);
        let server = Launch { log, ..self.launch.clone() }.start()?;
        self.doors.set(number, Some(server.address()));
        if let Some(place) = self.servers().get_mut(number) {
            *place = Some(server);
        }
        Ok(())
    }

    /// Asks all servers to stop, and waits until they have.
    fn stop(&self) -> Result<(), Failure> {
        let servers = std::mem::take(&mut *self.servers());
        servers.into_iter().flatten().try_for_each(Hub::stop)
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Option<Hub>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a database of that name, with its tables in `place` if one is given.
fn new_database(server: &Postgres, name: &str, place: Option<&Path>) -> Result<String, Failure> {
    let mut client = database::connect(server.url())?;
    let mut run = |sql: &str| client.batch_execute(sql).map_err(database::postgres_failed);
    let mut tablespace = String::new();
    if let Some(place) = place {
        run(&format!("CREATE TABLESPACE {name} LOCATION '{}'", place.display()))?;
        tablespace = format!(" TABLESPACE {name}");
    }
    run(&format!("CREATE DATABASE {name}{tablespace}"))?;
    let (authority, _) = server.url().rsplit_once('/').unwrap_or_default();
    Ok(format!("{authority}/{name}"))
}

/// What is needed to open a [`Site`].
#[derive(Clone, Copy)]
pub(crate) struct Needs<'a> {
    pub(crate) setting: &'a Setting<'a>,
    /// The name of the proof.
    pub(crate) name: &'a str,
    pub(crate) servers: usize,
    /// Further arguments of each server.
    pub(crate) arguments: &'a [&'a str],
    /// Where the data goes, if not to where it goes usually.
    pub(crate) place: Option<&'a Path>,
}

/// Tries something on a new site. If it goes wrong, what is stored and the logs stay for somebody
/// to look at, and the failure says where.
///
/// # Errors
///
/// When it goes wrong, or a server does not stop in good order afterwards.
pub(crate) fn on_a_new_site<T>(
    needs: &Needs<'_>,
    attempt: impl FnOnce(&Site) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let prefix = format!("contact-hub-{}-", needs.name);
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
    let done = Site::open(needs, folder.path()).and_then(|site| {
        let done = attempt(&site)?;
        site.stop()?;
        Ok(done)
    });
    done.map_err(|failure| {
        let folder = folder.keep();
        if let Ok(server) = needs.setting.postgres() {
            // It goes with its server. Should it not be copied, there is less to look at.
            let _ = std::fs::copy(server.folder().join("log"), folder.join("postgres.log"));
        }
        Failure::Server(format!("{failure}\nthe logs of the servers are in {}", folder.display()))
    })
}
