//! What the binaries of this package share: running commands, a server with a client to talk to
//! it, and a PostgreSQL that is thrown away.
//!
//! The package stays light, because everybody waits for it: it depends on none of our crates. What
//! needs them runs in a binary of its own, which a verb builds and calls.

pub mod client;
pub mod command;
pub mod failure;
pub mod hub;
pub mod postgres;
pub mod rng;
pub mod workspace;

pub use failure::Failure;
