//! The conversation of a decision and a store.
//!
//! In one transaction, a store loads what a [`Decision`] names by its lookup keys, runs the decision
//! and writes its changes. The decision is pure: the store may run it again to retry, and every rule
//! can be tested without a store.

mod change;
mod footprint;
mod group;
mod idempotency;
mod kept_answer;

use std::collections::{HashMap, HashSet};

use crate::contact::Record;
use crate::context::Context;
use crate::digest::Digest;
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds, RunId};
use crate::ledger::Run;
use crate::value::LinkId;

pub use crate::ids::AliasKey;
pub use change::{Change, KeyChange, Parts};
pub use footprint::Footprint;
pub use group::Group;
pub use idempotency::{Idempotent, Keep, Once, Render};
pub use kept_answer::{Answer, KeptAnswer, RequestDigest, RequestKey};

/// A pure function from what a store holds to what it should hold.
pub trait Decision: Send + Sync + 'static {
    /// What the decision reports to the caller.
    type Report: Send + 'static;

    /// The organization. The store loads and writes nothing outside it.
    fn organization(&self) -> OrganizationId;

    /// The version of the [settings](crate::Settings::version) that it is for. If the organization
    /// has another by now, the store writes nothing and fails with an error for that; settings do not
    /// change while a transaction of the organization runs.
    fn settings_version(&self) -> i64;

    /// Whether it never writes anything. A store need not keep other writers waiting for it.
    fn is_dry_run(&self) -> bool {
        false
    }

    /// Whether no other decision of the organization may be between its look-up and its commit
    /// meanwhile.
    fn is_alone(&self) -> bool {
        false
    }

    /// What the store has to load first.
    fn lookup_keys(&self) -> &LookupKeys;

    /// The most ids that [`decide`](Self::decide) can take.
    fn ids_at_most(&self) -> i64;

    /// The most [runs](Writes::runs) that it makes. A store sets their ids aside like those of
    /// contacts, but apart from them: ids of contacts do not depend on how requests are cut.
    fn runs_at_most(&self) -> i64 {
        1
    }

    /// Roughly how much there is to do, in bytes of JSON to be read and written. Loaded contacts add
    /// to it. Stores keep a decision with much to do away from threads that others wait for.
    fn work(&self, loaded: &Loaded) -> usize;

    /// Decides. A store calls it inside the transaction, possibly more than once; each call starts
    /// afresh.
    ///
    /// # Errors
    ///
    /// When `ids` holds fewer ids than [`ids_at_most`](Self::ids_at_most) asked for.
    fn decide(&self, loaded: Loaded, ids: &mut IdBlock)
    -> Result<(Writes, Self::Report), OutOfIds>;
}

/// The most bytes of documents that a store loads for one decision: 128 MiB.
pub const MAX_LOADED_BYTES: usize = 128 << 20;

/// The keys of what a store has to load. No list holds a value twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupKeys {
    /// Living contacts with these ids, and aliases of those that are none.
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
    /// The most contacts for one value of `emails`, `phones`, `vat_numbers` and `email_owners`:
    /// those with the lowest ids.
    pub per_shared_key: i64,
    /// The ids of the living contacts with these e-mail addresses, without documents; at most
    /// [`per_shared_key`](Self::per_shared_key) for each. No address occurs twice.
    pub email_owners: Vec<EmailOwners>,
    /// Which of these ids are living contacts, without documents, and the aliases of the others.
    pub references: Vec<ContactId>,
    /// Whether an answer is kept for these keys.
    pub answers: Vec<RequestKey>,
    /// Whether further relations may be added, to contacts that other keys name.
    pub adds_relations: bool,
    /// Deleted contacts with these ids.
    pub deleted: Vec<ContactId>,
    /// All living contacts that refer to this one in their relations.
    pub referring_to: Option<ContactId>,
    /// The most bytes of documents that the contacts may have together. A store that would load
    /// more fails at once with the error for that and writes nothing.
    pub documents_at_most: usize,
}

impl Default for LookupKeys {
    /// Nothing to load, with the limit [`MAX_LOADED_BYTES`].
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            external_ids: Vec::new(),
            link_ids: Vec::new(),
            emails: Vec::new(),
            phones: Vec::new(),
            vat_numbers: Vec::new(),
            per_shared_key: 0,
            email_owners: Vec::new(),
            references: Vec::new(),
            answers: Vec::new(),
            adds_relations: false,
            deleted: Vec::new(),
            referring_to: None,
            documents_at_most: MAX_LOADED_BYTES,
        }
    }
}

/// Asks for the owners of an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailOwners {
    /// The address (normal form).
    pub email: String,
    /// Nobody needs them if a living contact has this key. A store may find them all the same.
    pub unless: Option<AliasKey>,
}

impl EmailOwners {
    /// Asks once for each address. The owners of one that is asked for twice are needed.
    pub(crate) fn once_each(asked: &mut Vec<Self>) {
        asked.sort_unstable();
        asked.dedup_by(|later, first| {
            let is_same = later.email == first.email;
            if is_same {
                first.unless = None;
            }
            is_same
        });
    }
}

impl From<String> for EmailOwners {
    /// They are needed.
    fn from(email: String) -> Self {
        Self { email, unless: None }
    }
}

/// What a store loaded, as seen inside the transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// The contacts, each once, in any order, with those that aliases lead to.
    pub contacts: Vec<Record>,
    /// The aliases that lead to living contacts, and of references those that lead to any contact.
    pub aliases: Vec<Alias>,
    /// E-mail addresses with the contacts that have them, a pair for each.
    pub email_owners: Vec<(String, ContactId)>,
    /// Which of the references exist, and of the contacts that their aliases lead to.
    pub references: HashSet<ContactId>,
    /// Keys that other requests took again and again between look-up and write. An item that would
    /// take one is refused, so that the rest can be written. Empty unless races were lost.
    pub contested: HashSet<AliasKey>,
    /// The last runs that changed the contacts.
    pub runs: HashMap<ContactId, RunId>,
    /// The requests whose answers are kept, by their keys.
    pub answers: HashMap<RequestKey, RequestDigest>,
}

/// A key of a merged contact. It leads to the contact that it was merged into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The key.
    pub key: AliasKey,
    /// The contact that it leads to.
    pub contact: ContactId,
}

/// What a store has to write, in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Writes {
    /// Contacts, each once.
    pub changes: Vec<Change>,
    /// Changes of aliases, to be written after the contacts, in this order.
    pub aliases: Vec<AliasWrite>,
    /// Digests of items that left their contacts as they are, to be written last. They can be lost:
    /// a store writes them with the rest, or beside the answer, and never lets a decision wait or
    /// fail for them alone.
    pub digests: Vec<DigestNote>,
    /// The runs that the changes are part of: usually one. A change without one is of no interest to
    /// the ledger.
    pub runs: Vec<Run>,
    /// The answers to keep. A store that finds one for the key already writes nothing, looks up
    /// again and lets the decision decide again.
    pub answers: Vec<(RequestKey, KeptAnswer)>,
    /// Contacts of which nothing is left, after all else was written: their rows go, with relations,
    /// entries and the aliases that lead to them, and so do the differences of their entries in the
    /// ledger and the bodies of kept answers that may show them, but for the answers of these writes. A
    /// store keeps their ids with their last runs, for the change feed.
    pub purged: Vec<ContactId>,
}

/// A digest for a contact that has none of use. If the contact is no longer in the version of the
/// digest, the note is void. Nothing else of the contact changes, its version neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestNote {
    /// The contact.
    pub contact: ContactId,
    /// The digest.
    pub digest: Digest,
}

/// A change to the aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasWrite {
    /// The key leads to that contact.
    Add(Alias),
    /// The key leads nowhere: it belongs to a living contact again.
    Remove(AliasKey),
    /// The keys that led to `from` lead to `to`.
    Move {
        /// The contact that is gone.
        from: ContactId,
        /// The contact that it was merged into.
        to: ContactId,
    },
}

impl Writes {
    /// Adds what another decision writes, of other contacts. Of the runs of a [`Group`], each stays its
    /// own.
    fn add(&mut self, other: Self) {
        let Self { changes, aliases, digests, runs, answers, purged } = other;
        self.changes.extend(changes);
        self.aliases.extend(aliases);
        self.digests.extend(digests);
        self.runs.extend(runs);
        self.answers.extend(answers);
        self.purged.extend(purged);
    }

    /// Whether there is nothing to write, or only what can be lost.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.aliases.is_empty()
    }

    /// The same, as a run of the request with that context if it changes contacts, which the `previous`
    /// runs changed before.
    pub(crate) fn recorded(
        self,
        context: &Context,
        previous: &HashMap<ContactId, RunId>,
        ids: &mut IdBlock,
    ) -> Result<Self, OutOfIds> {
        if self.changes.is_empty() {
            return Ok(self);
        }
        let id = ids.take_run().ok_or(OutOfIds)?;
        let run = Run {
            id,
            organization: context.organization,
            origin: context.origin.clone(),
            at: context.now,
            counts: self.changes.iter().filter_map(Change::kind).collect(),
            undoes: None,
        };
        let recorded = |change: Change| {
            let previous = previous.get(&change.record().id).copied();
            change.recorded(id, previous)
        };
        let changes = self.changes.into_iter().map(recorded).collect();
        Ok(Self { changes, runs: vec![run], ..self })
    }
}
