//! The upsert rules, seen from outside: one file per part of the contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that panics has failed, and says where"
)]

mod arrays;
mod auditing;
mod differences;
mod digests;
mod entries;
mod fields;
mod filling_in;
mod fixture;
mod groups;
mod keys;
mod lenient;
mod limits;
mod links;
mod meanings;
mod merging;
mod one_contact;
mod phones;
mod planned;
mod properties;
mod races;
mod reading;
mod rules;
mod searching;
mod settings;
mod unlinking;
mod upsert;
