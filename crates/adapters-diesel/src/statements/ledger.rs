//! The ledger: runs, and what each did to contacts.

pub(crate) mod feed;
pub(crate) mod prune;
pub(crate) mod read;
mod record;
mod row;

pub(crate) use record::record;
