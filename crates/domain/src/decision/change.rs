//! What a decision writes of one contact, and how that differs from what is stored.

use std::sync::Arc;

use crate::contact::{IntercomEntry, Projection, Record, Row};
use crate::context::Context;
use crate::ids::{ContactId, IdentityKeys, RunId, Version};
use crate::ledger::{ChangeKind, LedgerEntry};

/// A contact to be written.
///
/// It is the only thing that brings a contact into a store, and it carries the only difference that
/// is ever worked out: a store writes the [`parts`](Self::parts), checks that the stored version is
/// still [`before`](Self::before), and compares nothing.
#[derive(Debug, Clone)]
pub struct Change {
    now: Row,
    before: Option<Version>,
    keys: KeyChange,
    parts: Parts,
    kind: Option<ChangeKind>,
    reverse: Option<String>,
    run: Option<RunId>,
    previous: Option<RunId>,
}

/// The identity keys that move with a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyChange {
    /// Keys that the contact has from now on.
    pub taken: IdentityKeys,
    /// Keys that it had. Another contact may take them in the same transaction.
    pub given_up: IdentityKeys,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// The parts of a stored contact that a change touches. The document, the version and the
        /// time of the change are written with every change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Parts {
            $($(#[$doc])* pub $name: bool,)+
            /// The relations to other contacts.
            pub relations: bool,
            /// The entry in the directory of intercoms.
            pub entry: bool,
            /// Whether it lives.
            pub lifecycle: bool,
        }

        impl Parts {
            /// Every part.
            const ALL: Self = Self { $($name: true,)+ relations: true, entry: true, lifecycle: true };

            /// Whether a column of the contact's row differs.
            pub(crate) fn any_column(self) -> bool {
                $(self.$name)||+
            }

            /// The columns that differ.
            fn columns(before: &Projection, now: &Projection) -> Self {
                Self {
                    $($name: before.$name != now.$name,)+
                    relations: false,
                    entry: false,
                    lifecycle: false,
                }
            }
        }
    };
}

crate::contact_columns!(parts);

impl Change {
    /// A new contact.
    pub(crate) fn create(now: Row) -> Self {
        let keys = KeyChange { taken: now.record.identity_keys(), ..KeyChange::default() };
        let kind = Some(ChangeKind::Created);
        let (run, previous) = (None, None);
        Self { now, before: None, keys, parts: Parts::ALL, kind, reverse: None, run, previous }
    }

    /// A stored contact as it is from now on. `reverse` turns its document back into the one before.
    pub(crate) fn between(before: &Row, now: Row, reverse: Option<String>) -> Self {
        let parts = Parts {
            relations: before.relations != now.relations,
            entry: before.entry != now.entry,
            lifecycle: before.record.deleted_at.is_some() != now.record.deleted_at.is_some(),
            ..Parts::columns(&before.record.projection, &now.record.projection)
        };
        let keys = KeyChange::between(before.record.identity_keys(), now.record.identity_keys());
        let is_deleted = [before, &now].map(|row| row.record.deleted_at.is_some());
        let kind = Some(match is_deleted {
            [false, true] => ChangeKind::Deleted,
            [true, false] => ChangeKind::Restored,
            [false, false] | [true, true] => ChangeKind::Updated,
        });
        let reverse = reverse.filter(|reverse| reverse != "{}");
        let (before, run, previous) = (Some(before.record.version), None, None);
        Self { before, now, keys, parts, kind, reverse, run, previous }
    }

    /// A stored contact that is deleted because another one took its place.
    pub(crate) fn merged(before: &Row, deleted: Row) -> Self {
        Self { kind: Some(ChangeKind::Merged), ..Self::between(before, deleted, None) }
    }

    /// A stored contact that is purged: deleted for the ledger, whether it was before or not. Its
    /// document need not be readable.
    pub(crate) fn purge(stored: &Record, context: &Context) -> Self {
        let updated_at = context.now.max(stored.updated_at);
        let record = Record {
            document: "{}".to_owned(),
            version: stored.version.next(),
            updated_at,
            deleted_at: stored.deleted_at.or(Some(updated_at)),
            digest: None,
            ..stored.clone()
        };
        let keys = KeyChange::between(stored.identity_keys(), record.identity_keys());
        let parts = Parts { relations: true, entry: true, lifecycle: true, ..Parts::default() };
        let now = Row { record: Arc::new(record), relations: Vec::new(), entry: None };
        let (before, kind) = (Some(stored.version), Some(ChangeKind::Deleted));
        let (reverse, run, previous) = (None, None, None);
        Self { now, before, keys, parts, kind, reverse, run, previous }
    }

    /// A stored contact whose columns, relations or entry do not follow from its document. Its
    /// document, its version and its times stay.
    pub(crate) fn repair(now: Row, stored: IdentityKeys, parts: Parts) -> Self {
        let keys = KeyChange::between(stored, now.record.identity_keys());
        let before = Some(now.record.version);
        let (run, previous) = (None, None);
        Self { before, now, keys, parts, kind: None, reverse: None, run, previous }
    }

    /// The row to write.
    pub fn record(&self) -> &Record {
        &self.now.record
    }

    /// The contacts that it refers to in its relations, each once.
    pub fn relations(&self) -> &[ContactId] {
        &self.now.relations
    }

    /// Its entry in the directory of intercoms; `None` without an `intercom` block, or deleted.
    pub fn intercom_entry(&self) -> Option<&IntercomEntry> {
        self.now.entry.as_ref()
    }

    /// The stored version that the change was decided on, or `None` for a new contact.
    pub fn before(&self) -> Option<Version> {
        self.before
    }

    /// What it does to the contact; `None` if it only repairs its columns, which no run does.
    pub(crate) fn kind(&self) -> Option<ChangeKind> {
        self.kind
    }

    /// The change as part of a run, after the run that changed the contact before.
    pub(crate) fn recorded(self, run: RunId, previous: Option<RunId>) -> Self {
        Self { run: Some(run), previous, ..self }
    }

    /// The run that it is part of. Without one, the run of the stored contact stays.
    pub fn run(&self) -> Option<RunId> {
        self.run
    }

    /// Its entry in the ledger, if it is part of a run.
    pub fn ledger_entry(&self) -> Option<LedgerEntry<'_>> {
        Some(LedgerEntry {
            run: self.run?,
            previous: self.previous,
            kind: self.kind?,
            reverse: self.reverse.as_deref(),
        })
    }

    /// The identity keys that it takes and gives up.
    pub fn keys(&self) -> &KeyChange {
        &self.keys
    }

    /// The parts that differ from what is stored; of a new contact all of them.
    pub fn parts(&self) -> Parts {
        self.parts
    }
}

impl KeyChange {
    /// From the keys that a contact has to the keys that it will have.
    pub(crate) fn between(mut had: IdentityKeys, mut has: IdentityKeys) -> Self {
        if had.external_id == has.external_id {
            (had.external_id, has.external_id) = (None, None);
        }
        if had.link_id == has.link_id {
            (had.link_id, has.link_id) = (None, None);
        }
        Self { taken: has, given_up: had }
    }
}
