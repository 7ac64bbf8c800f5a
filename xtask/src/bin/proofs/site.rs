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

/// Has whoever connects log every statement, without its values.
const LOGGED: &str = "options=-c%20log_statement%3Dall%20-c%20log_parameter_max_length%3D0";

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
        let Needs { setting, name, servers, arguments, place, standby } = *needs;
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
                launch.read_database_url = standby.map(|standby| {
                    // The database is there too. What is asked of it is logged there.
                    format!("{}?{LOGGED}", in_database(standby, name))
                });
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
        let server = Launch { log: log_of(number), ..self.launch.clone() }.start()?;
        self.doors.set(number, Some(server.address()));
        if let Some(place) = self.servers().get_mut(number) {
            *place = Some(server);
        }
        Ok(())
    }

    /// What the server of that number has logged.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn log(&self, number: usize) -> Result<String, Failure> {
        let file = self.launch.folder.join(log_of(number));
        std::fs::read_to_string(&file).map_err(Failure::about(file))
    }

    /// The passwords that the servers were given.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &str> {
        let urls = [&self.launch.database_url, &self.launch.read_database_url];
        let logins = urls.into_iter().flatten().filter_map(|url| url.split('@').next());
        logins.filter_map(|login| login.rsplit_once(':')).map(|(_, password)| password)
    }

    /// Asks all servers to stop, and waits until they have.
    ///
    /// # Errors
    ///
    /// When one does not stop in good order.
    pub(crate) fn stop(&self) -> Result<(), Failure> {
        let servers = std::mem::take(&mut *self.servers());
        servers.into_iter().flatten().try_for_each(Hub::stop)
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Option<Hub>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_of(number: usize) -> String {
    format!("server-{}.log", number + 1)
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
    Ok(in_database(server.url(), name))
}

/// The URL of a server, with another database.
pub(crate) fn in_database(server: &str, name: &str) -> String {
    let (authority, _) = server.rsplit_once('/').unwrap_or_default();
    format!("{authority}/{name}")
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
    /// The URL of a standby for lists.
    pub(crate) standby: Option<&'a str>,
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
