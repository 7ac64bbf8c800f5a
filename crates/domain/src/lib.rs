#![cfg_attr(feature = "contact", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "contact"), doc = "Validated values of contacts, see [`value`].")]

#[cfg(feature = "contact")]
pub mod auditing;
#[cfg(feature = "contact")]
pub mod contact;
#[cfg(feature = "contact")]
mod context;
#[cfg(feature = "contact")]
pub mod decision;
#[cfg(feature = "contact")]
mod digest;
mod ids;
#[cfg(feature = "contact")]
mod json;
#[cfg(feature = "contact")]
pub mod json_patch;
#[cfg(feature = "contact")]
pub mod ledger;
#[cfg(feature = "contact")]
pub mod merging;
#[cfg(feature = "contact")]
pub mod path;
#[cfg(feature = "contact")]
pub mod purging;
#[cfg(feature = "contact")]
pub mod reading;
#[cfg(feature = "contact")]
pub mod restoring;
#[cfg(feature = "contact")]
mod rule;
#[cfg(feature = "contact")]
pub mod searching;
mod timestamp;
#[cfg(feature = "contact")]
pub mod tree;
#[cfg(feature = "contact")]
pub mod undoing;
#[cfg(feature = "contact")]
pub mod upsert;
pub mod value;
#[cfg(feature = "contact")]
mod violation;

#[cfg(feature = "contact")]
pub use contact::{Column, EntryColumn};
#[cfg(feature = "contact")]
pub use context::{InvalidMatchBy, MatchBy, Respelling, Settings, SharedKey};
#[cfg(feature = "contact")]
pub use decision::{Change, KeyChange, Parts};
#[cfg(feature = "contact")]
pub use digest::{Digest, ItemDigest, RULES_VERSION};
pub use ids::{
    AliasKey, ContactId, IdBlock, IdentityKeys, MAX_SAFE_INTEGER, OrganizationId, OutOfIds, RunId,
    Version,
};
#[cfg(feature = "contact")]
pub use json::JsonText;
#[cfg(feature = "contact")]
pub use path::MAX_VALUE_CHARS;
#[cfg(feature = "contact")]
pub use rule::{Code, Rule, Severity, Stage};
pub use timestamp::Timestamp;
#[cfg(feature = "contact")]
pub use violation::{Fix, MAX_DETAILS, Violation, Violations};
