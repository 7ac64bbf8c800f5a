//! The contacts that only one writer writes, so that it knows the state of each.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use proofs::history::{Delivery, Item, Key, Marker, Row, State, Verdict};

use super::plan::Plan;

/// The contacts of a writer, with their versions and states.
pub(super) struct Private<'a> {
    plan: &'a Plan,
    known: HashMap<Key, (u64, State)>,
}

impl<'a> Private<'a> {
    /// Of a writer that has written nothing yet.
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, known: HashMap::new() }
    }

    /// Takes an answer. Fails unless each written contact is one version further.
    pub(super) fn learn(&mut self, delivery: &Delivery) -> Result<()> {
        for (item, verdict) in &delivery.items {
            let (Some(key), Verdict::Stored(stored)) = (self.key(item), verdict) else { continue };
            let (version, state) = self.known.get(&key).copied().unwrap_or_default();
            if stored.version != version + 1 || !state.becomes(&stored.state, item) {
                bail!(
                    "only one writer writes {key}; it was at version {version} ({state}); {item:?} was \
                     answered {stored:?}"
                );
            }
            self.known.insert(key, (stored.version, stored.state));
        }
        Ok(())
    }

    /// Checks that a batch without an answer was stored as a whole or not at all.
    pub(super) fn check_whole(&self, items: &[Item], rows: &[Row]) -> Result<()> {
        let rows = rows.iter().map(|row| (row.state.external_id, row)).collect::<HashMap<_, _>>();
        let mut stored: Vec<(Key, Marker)> = Vec::new();
        let mut missing: Vec<(Key, Marker)> = Vec::new();
        for item in items {
            let Some(key) = self.key(item) else { continue };
            let (version, state) = self.known.get(&key).copied().unwrap_or_default();
            let row = rows.get(&Some(key)).map(|row| (row.version, row.state));
            let row = row.unwrap_or_default();
            if row == (version, state) {
                missing.push((key, item.marker));
            } else if row.0 == version + 1 && state.becomes(&row.1, item) {
                stored.push((key, item.marker));
            } else {
                bail!(
                    "only one writer writes {key}; it was at version {version} ({state}); after {item:?} \
                     without an answer it is at version {}: {}",
                    row.0,
                    row.1
                );
            }
        }
        ensure!(
            stored.is_empty() || missing.is_empty(),
            "half a batch was stored: {stored:?} are stored, {missing:?} are not"
        );
        Ok(())
    }

    fn key(&self, item: &Item) -> Option<Key> {
        item.key().filter(|key| !self.plan.is_shared(*key))
    }
}

#[cfg(test)]
mod tests {
    use proofs::history::Target;

    use super::*;
    use crate::load::Kind;

    const PLAN: Plan =
        Plan { writers: 1, first_writer: 1, shared: 0..2, private: 4, kind: Kind::Mixed };

    fn item(key: u32) -> Item {
        Item::plain(Target::ExternalId(Key(key)), Marker { writer: 1, number: key })
    }

    fn row(key: u32) -> Row {
        let state = State {
            external_id: Some(Key(key)),
            last_name: Some(item(key).marker),
            ..State::default()
        };
        Row { id: i64::from(key), version: 1, is_deleted: false, state }
    }

    #[test]
    fn batch_stored_in_part_is_found() {
        let private = Private::new(&PLAN);
        let items = [item(2), item(3), item(0)];
        assert!(private.check_whole(&items, &[]).is_ok());
        assert!(private.check_whole(&items, &[row(2), row(3)]).is_ok());
        let half = private.check_whole(&items, &[row(3)]).unwrap_err().to_string();
        assert!(half.starts_with("half a batch was stored: [(Key(3)"), "{half}");
    }

    #[test]
    fn item_stored_in_part_is_found() {
        let private = Private::new(&PLAN);
        let half = State { last_name: None, ..row(2).state };
        assert!(private.check_whole(&[item(2)], &[Row { state: half, ..row(2) }]).is_err());
    }
}
