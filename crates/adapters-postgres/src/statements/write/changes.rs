//! The changes of a decision in the order in which they are written.

use std::collections::HashSet;

use contacts_domain::decision::{AliasKey, Writes};
use contacts_domain::{Change, Version};

use super::entries::Entries;

/// A stored contact to be updated, and the version that the change was decided on.
pub(crate) type Update<'a> = (&'a Change, Version);

/// The changes in the order in which they are written.
pub(crate) struct Changes<'a> {
    /// By id: two transactions that update the same contacts meet at the same one first.
    pub(crate) updates: Vec<Update<'a>>,
    /// By key: two transactions that insert the same contacts meet at the same one first.
    pub(crate) inserts: Vec<&'a Change>,
    /// Contacts that have to give up their keys before another one can take them, by id.
    pub(crate) giving_way: Vec<i64>,
    /// Stored contacts whose relations are written anew.
    pub(crate) relinked: Vec<&'a Change>,
    /// The entries of new contacts, and those that change.
    pub(crate) entries: Entries,
}

impl<'a> Changes<'a> {
    pub(crate) fn of(writes: &'a Writes) -> Self {
        let mut changes = Self {
            updates: Vec::new(),
            inserts: Vec::new(),
            giving_way: giving_way(&writes.changes),
            relinked: Vec::new(),
            entries: Entries::default(),
        };
        for change in &writes.changes {
            let Some(before) = change.before() else {
                changes.entries.add(change);
                changes.inserts.push(change);
                continue;
            };
            changes.updates.push((change, before));
            if change.parts().relations {
                changes.relinked.push(change);
            }
            if change.parts().entry {
                changes.entries.replace(change);
            }
        }
        changes.updates.sort_unstable_by_key(|(change, _)| change.record().id);
        changes.inserts.sort_unstable_by_key(|change| {
            let projection = &change.record().projection;
            (projection.external_id.as_deref(), projection.link_id)
        });
        changes
    }

    /// The contacts whose relations are inserted.
    pub(crate) fn related(&self) -> Vec<&'a Change> {
        [self.inserts.as_slice(), &self.relinked].concat()
    }

    pub(crate) fn keys_taken_by_updates(&self) -> impl Iterator<Item = AliasKey> {
        self.updates.iter().flat_map(|(change, _)| change.keys().taken.clone())
    }
}

/// The contacts whose stored keys another contact takes: the unique indexes hold after each row, so
/// a key has to be free before it is taken.
fn giving_way(changes: &[Change]) -> Vec<i64> {
    let giving = |change: &&Change| !change.keys().given_up.is_empty();
    let mut giving = changes.iter().filter(giving).peekable();
    if giving.peek().is_none() {
        return Vec::new();
    }
    let taken: HashSet<AliasKey> =
        changes.iter().flat_map(|change| change.keys().taken.clone()).collect();
    let mut ids: Vec<i64> = giving
        .filter(|change| change.keys().given_up.clone().into_iter().any(|key| taken.contains(&key)))
        .map(|change| change.record().id.get())
        .collect();
    ids.sort_unstable();
    ids
}
