//! `cargo xtask postgres`: a server for tests by hand.

use anyhow::Result;
use clap::Args;
use throwaway_postgres::{Durability, hold};

/// Hold a throwaway PostgreSQL until Ctrl-C
#[derive(Debug, Args)]
pub(crate) struct HeldPostgres {
    /// Make acknowledged writes survive loss of power, as in production
    #[arg(long)]
    durable: bool,
}

impl HeldPostgres {
    pub(crate) fn run(self) -> Result<()> {
        let durability = if self.durable { Durability::Full } else { Durability::None };
        match hold(durability)? {}
    }
}
