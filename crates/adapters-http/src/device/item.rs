//! One item: its JSON, and the operations on one.

pub(super) mod body;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod reply;
mod text;
mod uid;
pub(super) mod update;
