//! The real program on a real port with a SQLite file or a PostgreSQL server.
//!
//! No test sleeps: each waits for a line that a server prints, for an answer, or for the end of a
//! process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation ends a test"
)]

mod access;
mod backup;
mod check;
mod contacts;
mod copying;
mod devices;
mod documentation;
mod first_run;
mod insight;
mod logging;
mod migrating;
mod postgres;
mod program;
mod refusals;
mod remedies;
mod searching;
mod settings;
mod stopping;
mod tls;
#[cfg(feature = "otlp")]
mod traces;
