//! `cargo xtask schemathesis`: holds servers on both stores to the API description, with requests
//! that schemathesis makes from it.

use anyhow::Result;
use clap::Args;
use server_process::Launch;
use throwaway_postgres::{Durability, Postgres};
use xshell::cmd;

use crate::installed::{PYTHON, copy_sources, install_python, require};
use crate::tool::debug_server;

/// Hold servers on both stores to the API description, with random requests
#[derive(Debug, Args)]
pub(crate) struct Schemathesis {
    /// How many seconds to test each store
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    seconds: u32,
    /// The seed of the requests; without it a random one, which is printed
    #[arg(long)]
    seed: Option<u64>,
}

impl Schemathesis {
    /// The same half a minute for each store, for `cargo xtask ci`.
    pub(crate) fn short() -> Self {
        Self { seconds: 30, seed: Some(1) }
    }

    pub(crate) fn run(self) -> Result<()> {
        require(PYTHON.0, PYTHON.1)?;
        let shell = copy_sources("schemathesis")?;
        install_python(&shell)?;
        let program = debug_server()?;
        let postgres = Postgres::start(Durability::None)?;
        let seconds = self.seconds.to_string();
        let seed = &self.seed.map(|seed| format!("--seed={seed}"));
        for database_url in [None, Some(postgres.url().to_owned())] {
            let data = tempfile::tempdir()?;
            let launch = Launch { database_url, ..Launch::new(&program, data.path()) };
            let server = launch.start()?;
            // Of organization 2, because its settings decide what requests find.
            launch.run(&["organization", "create", "--id", "2", "--name", "Settings"])?;
            let admin = launch.run(&["token", "create", "--scope", "read,write,admin"])?;
            let description = format!("http://{}/openapi.json", server.address());
            let options = ["--max-time", &seconds, "--no-color"];
            cmd!(shell, "python/bin/schemathesis run {description} {options...} {seed...}")
                .env("CONTACT_HUB_TOKEN", server.token())
                .env("CONTACT_HUB_ADMIN_TOKEN", admin)
                .run()?;
            server.stop()?;
        }
        Ok(())
    }
}
