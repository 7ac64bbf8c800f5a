//! The contacts that the items of a batch name.

use std::collections::HashSet;

use super::item::Item;
use crate::contact::Record;
use crate::value::LinkId;

/// The contacts that items name by identity keys.
#[derive(Debug, Default)]
pub struct Named {
    ids: HashSet<i64>,
    external_ids: HashSet<String>,
    link_ids: HashSet<LinkId>,
}

impl Named {
    /// Those that these items name. An item that was recognized names none.
    pub fn by<'i>(items: impl IntoIterator<Item = &'i Item>) -> Self {
        let mut named = Self::default();
        for item in items.into_iter().filter_map(Item::parsed) {
            named.ids.extend(item.named_id());
            named.external_ids.extend(item.keys.external_id.clone());
            named.link_ids.extend(item.keys.link_id);
        }
        named
    }

    /// Whether an item names that contact.
    pub fn includes(&self, record: &Record) -> bool {
        let own = &record.projection;
        self.ids.contains(&record.id.get())
            || own.external_id.as_ref().is_some_and(|key| self.external_ids.contains(key))
            || own.link_id.is_some_and(|key| self.link_ids.contains(&key))
    }
}
