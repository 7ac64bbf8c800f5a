//! The APIs, called as a client calls them.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod app;
mod authorization;
mod bad_bodies;
mod batch;
mod callers;
mod compression;
mod contacts;
mod counted_items;
mod description;
mod device;
mod dry_runs;
mod failures;
mod idempotency;
mod insight;
mod limits;
mod logging;
mod merging;
mod operation;
mod pages;
mod refused_uploads;
mod v1;
mod verdicts;
