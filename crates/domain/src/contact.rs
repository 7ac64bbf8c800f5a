//! The contact: its document, its rules, and the proof that they ran.

mod check;
mod columns;
mod corrections;
pub mod document;
mod intercom_entry;
mod key_texts;
pub mod kinds;
mod projection;
mod record;
mod relations;
mod row_builder;
pub mod rules;
mod snapshot;
mod tags;

pub use check::Contact;
pub use columns::{Column, EntryColumn, SortKey};
pub use intercom_entry::IntercomEntry;
pub use projection::list_columns;
pub use record::{ContactType, DOCUMENT_VERSION, Projection, Record, UnreadableDocument};

pub(crate) use check::{Candidate, Draft, Refused, weigh};
pub(crate) use corrections::IDENTITY;
pub(crate) use record::read_document;
pub(crate) use relations::{RELATION_LISTS, resolve_relations};
pub(crate) use row_builder::{RowBuilder, too_large};
pub(crate) use snapshot::{Row, Snapshot};
