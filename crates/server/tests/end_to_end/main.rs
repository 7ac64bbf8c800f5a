//! The real program on a real port with a real file, or a real PostgreSQL server.
//!
//! Nothing here sleeps: a test waits for the line that a server prints, for an answer, or for the
//! end of a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does"
)]

mod access;
mod backup;
mod check;
mod contacts;
mod devices;
mod documentation;
mod first_run;
mod migrating;
mod postgres;
mod program;
mod refusals;
mod settings;
mod stopping;
