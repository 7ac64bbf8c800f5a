//! Ports and use cases of contact-hub.
//!
//! A port is a conversation with the outside, said in words of the application: [`ports`]. A use
//! case is what a front door asks for: [`use_cases`]. Behind the feature `testing` there is a store
//! in memory and the contract suite that every store has to pass; behind `mocks`, mocks of the
//! ports.

pub mod access;
pub mod compute;
pub mod directory;
pub mod ports;
pub mod use_cases;

#[cfg(feature = "testing")]
pub mod testing;
