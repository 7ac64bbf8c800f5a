//! The contact aggregate and its upsert rules, pure: no I/O, no async, no clock, no randomness.
//!
//! ```
//! use contacts_domain::upsert::{Batch, Context, Handling, Item, Options, Verdict};
//! use contacts_domain::decision::{Decision, Loaded};
//! use contacts_domain::value::CountryCode;
//! use contacts_domain::{IdBlock, OrganizationId, Timestamp};
//!
//! let context = Context {
//!     organization: OrganizationId::new(1).ok_or("not an id")?,
//!     region: CountryCode::parse("CH")?,
//!     now: Timestamp::from_micros(1_790_000_000_000_000),
//!     may_write_staff: true,
//!     endpoints: Default::default(),
//!     handling: Handling::Lenient,
//! };
//! let item = Item::read(
//!     r#"{"contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat"}"#,
//!     &context,
//! );
//! let batch = Batch::new(context, Options::default(), vec![item]);
//!
//! // A store would look up what the batch wants; here nothing is stored yet.
//! let (writes, outcomes) = batch.decide(Loaded::default(), &mut IdBlock::new(1, 10))?;
//! assert_eq!(outcomes[0].verdict, Verdict::Created);
//! assert_eq!(writes.changes.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "contact")]
pub mod auditing;
#[cfg(feature = "contact")]
pub mod contact;
#[cfg(feature = "contact")]
mod context;
#[cfg(feature = "contact")]
pub mod decision;
mod ids;
#[cfg(feature = "contact")]
pub mod json;
#[cfg(feature = "contact")]
pub mod merging;
#[cfg(feature = "contact")]
pub mod path;
#[cfg(feature = "contact")]
pub mod reading;
#[cfg(feature = "contact")]
mod rule;
mod timestamp;
#[cfg(feature = "contact")]
pub mod tree;
#[cfg(feature = "contact")]
pub mod upsert;
pub mod value;
#[cfg(feature = "contact")]
mod violation;

#[cfg(feature = "contact")]
pub use contact::{Column, EntryColumn};
#[cfg(feature = "contact")]
pub use decision::{Change, KeyChange, Parts};
pub use ids::{
    AliasKey, ContactId, IdBlock, IdentityKeys, MAX_SAFE_INTEGER, OrganizationId, OutOfIds, Version,
};
#[cfg(feature = "contact")]
pub use rule::{Code, Rule, Severity, Stage};
pub use timestamp::Timestamp;
#[cfg(feature = "contact")]
pub use violation::{Fix, MAX_VALUE_CHARS, Violation, Violations};
