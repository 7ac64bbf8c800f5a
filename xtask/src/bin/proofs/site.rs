//! Servers on one database.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use tempfile::TempDir;
use xtask::Failure;
use xtask::hub::{Hub, Launch};

use crate::database::Database;
use crate::doors::Doors;

/// The kinds of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// A file of the bundled SQLite
    Sqlite,
}

/// A new database with servers on it, in a folder of its own.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) doors: Doors,
    /// `None` while one is down.
    servers: Mutex<Vec<Option<Hub>>>,
    launch: Launch,
    folder: TempDir,
}

impl Site {
    fn open(needs: &Needs<'_>) -> Result<Self, Failure> {
        let Needs { program, store, servers, arguments } = *needs;
        let folder = tempfile::Builder::new().prefix("contact-hub-proof-").tempdir()?;
        let database = match store {
            Store::Sqlite => Database::Sqlite(folder.path().join("contact-hub.db")),
        };
        let launch = Launch {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..Launch::new(program, folder.path())
        };
        let doors = Doors::new(servers);
        let mut site = Self { database, doors, servers: Mutex::default(), launch, folder };
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

/// What is needed to open a [`Site`].
pub(crate) struct Needs<'a> {
    pub(crate) program: &'a Path,
    pub(crate) store: Store,
    pub(crate) servers: usize,
    /// Further arguments of each server.
    pub(crate) arguments: &'a [&'a str],
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
    let site = Site::open(needs)?;
    let done = attempt(&site).and_then(|done| site.stop().map(|()| done));
    done.map_err(|failure| {
        drop(site.servers);
        let folder = site.folder.keep();
        Failure::Server(format!("{failure}\nthe logs of the servers are in {}", folder.display()))
    })
}
