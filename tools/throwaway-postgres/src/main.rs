//! Holds a throwaway PostgreSQL, as `cargo xtask postgres` does.

use std::convert::Infallible;

use throwaway_postgres::{Durability, hold};

fn main() -> anyhow::Result<Infallible> {
    hold(Durability::None)
}
