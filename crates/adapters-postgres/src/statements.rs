//! The statements on contacts: look-ups, locks, writes, and rows.

pub(crate) mod answers;
pub(crate) mod attempt_error;
pub(crate) mod columns;
pub(crate) mod ledger;
pub(crate) mod locks;
pub(crate) mod lookup;
pub(crate) mod recognize;
pub(crate) mod repair;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod stored;
pub(crate) mod values;
pub(crate) mod write;
