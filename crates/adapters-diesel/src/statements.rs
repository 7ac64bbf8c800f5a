//! Rows, and the statements that look them up and write them.

pub(crate) mod answer;
mod columns;
pub(crate) mod condition;
pub(crate) mod entry;
pub(crate) mod ledger;
pub(crate) mod lookup;
pub(crate) mod query;
pub(crate) mod recognize;
pub(crate) mod repair;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod stored;
pub(crate) mod write;
