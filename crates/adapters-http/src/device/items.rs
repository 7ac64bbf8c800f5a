//! The operations on many items.

pub(super) mod delete;
mod filter;
pub(super) mod list;
mod list_body;
mod query;
mod results;
pub(super) mod upsert;
