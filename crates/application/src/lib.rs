#![doc = include_str!("../README.md")]

pub mod access;
pub mod compute;
pub mod contact_list;
pub mod directory;
pub mod ledger;
pub mod plans;
pub mod ports;
pub mod use_cases;
