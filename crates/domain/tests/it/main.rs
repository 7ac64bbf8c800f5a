//! The upsert rules, seen from outside: one file per part of the contract.

mod merging;
mod properties;
mod reading;
mod rules;
mod shelf;
mod upsert;
