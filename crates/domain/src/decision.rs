//! How a decision meets a store: what it wants to know, what it was told, what is to be written.
//!
//! A store looks up what a [`Decision`] wants, lets it decide, and writes the outcome, all in one
//! transaction. The decision is pure, so the store may run it again when it has to retry, and
//! every rule can be tested without a store.

use std::collections::HashSet;

use crate::change::Change;
use crate::contact::Record;
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds};
use crate::value::LinkId;

pub use crate::identity::AliasKey;

/// A pure function from what a store holds to what it should hold.
pub trait Decision: Send + Sync + 'static {
    /// What the caller gets to know.
    type Report: Send + 'static;

    /// The tenant. Nothing outside it is looked up or written.
    fn organization(&self) -> OrganizationId;

    /// What has to be looked up first.
    fn lookup_keys(&self) -> &LookupKeys;

    /// How many ids [`decide`](Self::decide) can take at most.
    fn ids_at_most(&self) -> i64;

    /// Decides. Called inside the transaction, possibly more than once; each call starts afresh.
    ///
    /// # Errors
    ///
    /// When `ids` holds fewer ids than [`ids_at_most`](Self::ids_at_most) asked for.
    fn decide(&self, found: Loaded, ids: &mut IdBlock) -> Result<(Writes, Self::Report), OutOfIds>;
}

/// What a decision has to know. Each list holds no value twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookupKeys {
    /// Living contacts with these ids.
    pub ids: Vec<ContactId>,
    /// Living contacts with these external ids, and aliases of those values.
    pub external_ids: Vec<String>,
    /// Living contacts with these link ids, and aliases of those values.
    pub link_ids: Vec<LinkId>,
    /// Living contacts with these e-mail addresses (normal form).
    pub emails: Vec<String>,
    /// Living contacts with one of these as phone or as mobile number (E.164).
    pub phones: Vec<String>,
    /// Living contacts with these VAT numbers (normal form).
    pub vat_numbers: Vec<String>,
    /// For one e-mail address, phone or VAT number: at most so many contacts, lowest ids first.
    pub per_shared_key: i64,
    /// The ids of the living contacts with these e-mail addresses, no documents.
    pub email_owners: Vec<String>,
    /// Which of these ids are living contacts; no document.
    pub references: Vec<ContactId>,
    /// All living contacts that refer to this one in their relations.
    pub referring_to: Option<ContactId>,
}

/// What a store holds of what was wanted, as seen inside the transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// The contacts, each once, in any order; those that aliases lead to included.
    pub contacts: Vec<Record>,
    /// The aliases that lead to living contacts.
    pub aliases: Vec<Alias>,
    /// E-mail addresses and who has them, an address as often as it has owners.
    pub email_owners: Vec<(String, ContactId)>,
    /// Which of the references exist.
    pub references: HashSet<ContactId>,
    /// Keys that others took, time and again, between look-up and write. An item that would take
    /// one is refused, so that the rest can be written. Empty, unless races were lost.
    pub contested: HashSet<AliasKey>,
}

/// A key that a merged contact left behind and that leads to the contact it was merged into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The value of the key.
    pub key: AliasKey,
    /// Where it leads.
    pub contact: ContactId,
}

/// What is to be written, in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Writes {
    /// Contacts, each once.
    pub changes: Vec<Change>,
    /// Aliases, after the contacts, in this order.
    pub aliases: Vec<AliasWrite>,
}

/// A change to the aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasWrite {
    /// The key leads to that contact from now on.
    Add(Alias),
    /// The key belongs to a living contact again.
    Remove(AliasKey),
    /// What led to `from` leads to `to` from now on.
    Move {
        /// The contact that is gone.
        from: ContactId,
        /// The contact that it was merged into.
        to: ContactId,
    },
}

impl Writes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.aliases.is_empty()
    }
}
