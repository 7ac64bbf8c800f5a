//! The store on PostgreSQL 14 or later, for any number of servers at once.
//!
//! A batch is a handful of statements in one transaction, whatever its mix. A session holds no state
//! but prepared statements, and those only if the options allow them, so a pooler may stand between.
//! Every key begins with the organization, so the tables can be distributed by it.
//!
//! Imports go one way: `store` → `replica`, `startup`, `statements` → `connect`.

mod connect;
mod replica;
mod startup;
mod statements;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use connect::{PostgresOptions, PostgresUrl};
pub use store::{Opened, PostgresRows, PostgresStore};
