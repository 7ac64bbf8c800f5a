//! `cargo xtask postgres`: a server to test on by hand, for as long as one likes.

use std::thread;

use clap::Args;
use xtask::Failure;
use xtask::command::say;
use xtask::postgres::{Durability, Postgres, TEST_DATABASE_URL};

/// Hold a throwaway PostgreSQL until Ctrl-C
#[derive(Debug, Args)]
pub(crate) struct HeldPostgres {
    /// Make what is acknowledged survive loss of power, as in production
    #[arg(long)]
    durable: bool,
}

impl HeldPostgres {
    /// Starts it and waits to be ended.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let durability = if self.durable { Durability::Full } else { Durability::None };
        let server = Postgres::start(durability)?;
        say(&format!("until Ctrl-C:\nexport {TEST_DATABASE_URL}={}", server.url()));
        loop {
            thread::park();
        }
    }
}
