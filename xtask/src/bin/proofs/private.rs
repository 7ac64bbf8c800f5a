//! The keys that a writer has to itself: it knows what each of them has to look like.

use std::collections::HashMap;

use xtask::Failure;

use crate::history::Delivery;
use crate::item::{Item, Key, Marker};
use crate::plan::Plan;
use crate::reply::Said;
use crate::row::Row;
use crate::state::State;

/// What a writer knows of its own contacts.
pub(crate) struct Private<'a> {
    plan: &'a Plan,
    known: HashMap<Key, (u64, State)>,
}

impl<'a> Private<'a> {
    /// Of a writer that has written nothing yet.
    pub(crate) fn of(plan: &'a Plan) -> Self {
        Self { plan, known: HashMap::new() }
    }

    /// Takes note of an answer: each of its own contacts is a version further.
    ///
    /// # Errors
    ///
    /// When one is not.
    pub(crate) fn learn(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        for (item, said) in &delivery.items {
            let (Some(key), Said::Stored(stored)) = (self.key(item), said) else { continue };
            let (version, state) = self.known.get(&key).copied().unwrap_or_default();
            if stored.version != version + 1 || !state.becomes(&stored.state, item) {
                return Err(Failure::Server(format!(
                    "{key} is nobody else's and was at version {version} ({state}); {item:?} was \
                     answered {stored:?}"
                )));
            }
            self.known.insert(key, (stored.version, stored.state));
        }
        Ok(())
    }

    /// Whether a batch that got no answer was stored as a whole or not at all.
    ///
    /// # Errors
    ///
    /// When only a part of it was.
    pub(crate) fn is_whole(&self, items: &[Item], rows: &[Row]) -> Result<(), Failure> {
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
                return Err(Failure::Server(format!(
                    "{key} is nobody else's and was at version {version} ({state}); after {item:?} \
                     without an answer it is at version {}: {}",
                    row.0, row.1
                )));
            }
        }
        if stored.is_empty() || missing.is_empty() {
            return Ok(());
        }
        Err(Failure::Server(format!(
            "half a batch was stored: {stored:?} are there, {missing:?} are not"
        )))
    }

    fn key(&self, item: &Item) -> Option<Key> {
        item.key().filter(|key| !self.plan.is_shared(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Target;
    use crate::plan::Kind;

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
    fn a_batch_is_stored_whole_or_not_at_all() {
        let private = Private::of(&PLAN);
        let items = [item(2), item(3), item(0)];
        assert!(private.is_whole(&items, &[]).is_ok());
        assert!(private.is_whole(&items, &[row(2), row(3)]).is_ok());
        let half = private.is_whole(&items, &[row(3)]).unwrap_err().to_string();
        assert!(half.starts_with("half a batch was stored: [(Key(3)"), "{half}");
    }

    #[test]
    fn half_an_item_is_found() {
        let private = Private::of(&PLAN);
        let half = State { last_name: None, ..row(2).state };
        assert!(private.is_whole(&[item(2)], &[Row { state: half, ..row(2) }]).is_err());
    }
}
