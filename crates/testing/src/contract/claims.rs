//! The claims, sorted by what they are about.

pub(super) mod access;
pub(super) mod answering;
pub(super) mod auditing;
pub(super) mod concurrency;
pub(super) mod entries;
pub(super) mod filtering;
pub(super) mod keys;
pub(super) mod ledger;
pub(super) mod lifecycle;
pub(super) mod listing;
pub(super) mod matching;
pub(super) mod merging;
pub(super) mod planning;
pub(super) mod purging;
pub(super) mod references;
pub(super) mod searching;
pub(super) mod settings;
pub(super) mod state;
pub(super) mod tenancy;
pub(super) mod unlinking;
pub(super) mod writing;
