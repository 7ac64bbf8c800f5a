//! Comparing stored columns, relations and entries with the documents that they follow from.
//!
//! They differ only if a database was changed by hand, a disk failed, or a release computes them in
//! another way. [`StoredContact::audit`] finds the differences, and a [`Repair`] decides how to
//! correct them. It never changes the document, the version or the times of a contact.
//!
//! ```
//! use contacts_domain::auditing::{Difference, Finding, StoredContact};
//! use contacts_domain::decision::{Decision, Loaded};
//! use contacts_domain::upsert::{Batch, Context, Item, Options};
//! use contacts_domain::value::CountryCode;
//! use contacts_domain::{IdBlock, OrganizationId, Timestamp};
//!
//! let region = CountryCode::parse("CH")?;
//! # let organization = OrganizationId::new(1).ok_or("not an id")?;
//! # let context = Context::new(organization, region, Timestamp::from_micros(1_790_000_000_000_000));
//! let settings = context.settings;
//! # let item = r#"{"contactType": "PERSON", "lastName": "Rochat", "email": "A@Rhone.example"}"#;
//! # let items = vec![Item::read(item, &context)];
//! # let batch = Batch::new(context, Options::default(), items);
//! # let (writes, _) = batch.decide(Loaded::default(), &mut IdBlock::new(1, 10))?;
//! # let contact = &writes.changes[0];
//! let mut stored = StoredContact::from(contact);
//! assert_eq!(stored.audit(Some(settings)).findings, []);
//!
//! stored.columns.email = None;
//! let difference = Difference {
//!     what: "email",
//!     stored: None,
//!     computed: Some("a@rhone.example".to_owned()),
//! };
//! assert_eq!(stored.audit(Some(settings)).findings, [Finding::Differs(difference)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod comparison;
mod contact_key;
mod finding;
mod repair;
mod stored;

pub use comparison::Audited;
pub use contact_key::ContactKey;
pub use finding::{Difference, Discrepancy, Finding, Remedy};
pub use repair::{Examination, Repair};
pub use stored::{StoredColumns, StoredContact, StoredEntry};
