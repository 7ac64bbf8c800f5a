//! Servers on one new database.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use proofs::history::{History, Summary};
use server_process::client::Prepared;
use server_process::{Launch, ServerProcess};
use throwaway_postgres::Postgres;

use crate::addresses::Addresses;
use crate::database::{Database, connect};
use crate::setting::{Setting, Store};

/// Makes PostgreSQL log every statement of a connection, without its values.
const LOGGED: &str = "options=-c%20log_statement%3Dall%20-c%20log_parameter_max_length%3D0";

/// The parameters of a [`Site`].
#[derive(Clone, Copy)]
pub(crate) struct Needs<'a> {
    pub(crate) setting: &'a Setting<'a>,
    /// The name of the proof, and of the database.
    pub(crate) name: &'a str,
    pub(crate) servers: usize,
    /// Further arguments of each server.
    pub(crate) arguments: &'a [&'a str],
    /// The folder of the data, if not the usual one.
    pub(crate) place: Option<&'a Path>,
    /// The URL of a standby for lists.
    pub(crate) standby: Option<&'a str>,
}

impl<'a> Needs<'a> {
    /// That many servers with default settings.
    pub(crate) fn new(setting: &'a Setting<'a>, name: &'a str, servers: usize) -> Self {
        Self { setting, name, servers, arguments: &[], place: None, standby: None }
    }
}

/// Servers on one new database.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) addresses: Addresses,
    /// `None` for one that is down.
    servers: Mutex<Vec<Option<ServerProcess>>>,
    launch: Launch,
}

impl Site {
    fn open(needs: &Needs<'_>, folder: &Path) -> Result<Self> {
        let Needs { setting, name, servers, arguments, place, standby } = *needs;
        let mut launch = Launch::new(&setting.program, folder);
        launch.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
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
                if let Some(partitions) = setting.partitions {
                    launch.run(&["migrate", "--partitions", &partitions.to_string()])?;
                }
                // The standby has the database, too.
                launch.read_database_url =
                    standby.map(|standby| format!("{}?{LOGGED}", in_database(standby, name)));
                Database::Postgres(url)
            }
        };
        let addresses = Addresses::new(servers);
        let mut site = Self { database, addresses, servers: Mutex::default(), launch };
        for number in 0..servers {
            site.servers().push(None);
            site.start(number)?;
            let first = site.servers().iter().flatten().next().map(|one| one.token().to_owned());
            site.launch.token = first;
        }
        site.launch.quiet = true;
        Ok(site)
    }

    /// As many servers on another database, which is a copy of theirs.
    pub(crate) fn on_copy(&self, url: &str) -> Result<Self> {
        let count = self.servers().len();
        let copy = Self {
            database: Database::Postgres(url.to_owned()),
            addresses: Addresses::new(count),
            servers: Mutex::new((0..count).map(|_| None).collect()),
            launch: Launch { database_url: Some(url.to_owned()), ..self.launch.clone() },
        };
        (0..count).try_for_each(|number| copy.start(number))?;
        Ok(copy)
    }

    /// A token for all servers.
    pub(crate) fn token(&self) -> &str {
        self.launch.token.as_deref().unwrap_or_default()
    }

    /// Runs a command of the program on the database. Returns what it prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        self.launch.run(arguments)
    }

    /// Asks the process of a server that is up.
    pub(crate) fn ask<T>(
        &self,
        number: usize,
        question: impl FnOnce(&ServerProcess) -> T,
    ) -> Option<T> {
        self.servers().get(number).and_then(Option::as_ref).map(question)
    }

    /// Checks that every server that is up answers `GET /readyz` with 503.
    pub(crate) fn check_unready(&self) -> Result<()> {
        self.servers().iter().flatten().try_for_each(|server| {
            let status = server.connect()?.send(&Prepared::get("/readyz", ""))?.status;
            ensure!(status == 503, "/readyz is answered {status} meanwhile");
            Ok(())
        })
    }

    /// Kills a server with SIGKILL.
    pub(crate) fn kill(&self, number: usize) {
        if let Some(server) = self.servers().get_mut(number).and_then(Option::take) {
            server.kill();
        }
        self.addresses.set(number, None);
    }

    /// Stops a server in good order.
    pub(crate) fn stop_one(&self, number: usize) -> Result<()> {
        self.addresses.set(number, None);
        let server = self.servers().get_mut(number).and_then(Option::take);
        server.map_or(Ok(()), ServerProcess::stop)
    }

    /// Starts a server that is down.
    pub(crate) fn start(&self, number: usize) -> Result<()> {
        let server = Launch { log: log_of(number), ..self.launch.clone() }.start()?;
        self.addresses.set(number, Some(server.address()));
        if let Some(place) = self.servers().get_mut(number) {
            *place = Some(server);
        }
        Ok(())
    }

    /// Checks that the history and the stored contacts, one for each key, can be true together.
    pub(crate) fn check(&self, history: &History, keys: Range<u32>) -> Result<Summary> {
        history.check(keys, &self.database.rows()?, self.database.isolation())
    }

    /// The log of a server.
    pub(crate) fn log(&self, number: usize) -> Result<String> {
        let file = self.launch.folder.join(log_of(number));
        fs::read_to_string(&file).with_context(|| file.display().to_string())
    }

    /// The passwords of the databases.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &str> {
        let urls = [&self.launch.database_url, &self.launch.read_database_url];
        let logins = urls.into_iter().flatten().filter_map(|url| url.split('@').next());
        logins.filter_map(|login| login.rsplit_once(':')).map(|(_, password)| password)
    }

    /// Stops all servers in good order.
    pub(crate) fn stop(&self) -> Result<()> {
        let servers = std::mem::take(&mut *self.servers());
        servers.into_iter().flatten().try_for_each(ServerProcess::stop)
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Option<ServerProcess>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a proof on a new site, and stops the servers. If that fails, the database and the logs are
/// kept, and the error names their folder.
pub(crate) fn on_new_site<T>(
    needs: &Needs<'_>,
    proof: impl FnOnce(&Site) -> Result<T>,
) -> Result<T> {
    let prefix = format!("contact-hub-{}-", needs.name);
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
    let done = Site::open(needs, folder.path()).and_then(|site| {
        let done = proof(&site)?;
        site.stop()?;
        Ok(done)
    });
    done.map_err(|error| {
        let folder = folder.keep();
        if let Ok(server) = needs.setting.postgres() {
            // Its folder ends with the server. Without a copy there is less to read.
            let _ = fs::copy(server.folder().join("log"), folder.join("postgres.log"));
        }
        error.context(format!("the logs of the servers are in {}", folder.display()))
    })
}

/// The URL of a server, with another database.
pub(crate) fn in_database(server: &str, name: &str) -> String {
    let (authority, _) = server.rsplit_once('/').unwrap_or_default();
    format!("{authority}/{name}")
}

/// Creates a database, with its tables in `place` if there is one.
fn new_database(server: &Postgres, name: &str, place: Option<&Path>) -> Result<String> {
    let mut client = connect(server.url())?;
    let mut tablespace = String::new();
    if let Some(place) = place {
        let place = place.display();
        client.batch_execute(&format!("CREATE TABLESPACE {name} LOCATION '{place}'"))?;
        tablespace = format!(" TABLESPACE {name}");
    }
    client.batch_execute(&format!("CREATE DATABASE {name}{tablespace}"))?;
    Ok(in_database(server.url(), name))
}

fn log_of(number: usize) -> String {
    format!("server-{}.log", number + 1)
}
