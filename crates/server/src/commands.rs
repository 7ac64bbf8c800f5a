//! What the program does with a database beside serving it.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod organization;
pub(crate) mod token;
