//! The audit of contacts in memory.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use contacts_domain::ContactId;
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::decision::AliasKey;

use super::contacts::{Contacts, Refused, Row};

impl Contacts {
    /// Contacts by id.
    pub(super) fn stored_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Vec<StoredContact> {
        let after = after.and_then(|place| ContactId::new(place.id));
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let rows = self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row);
        rows.take(at_most).map(|row| stored(row)).collect()
    }

    pub(super) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    pub(super) fn repair(&mut self, repair: &Repair) -> Result<Vec<Discrepancy>, Refused> {
        let rows = repair.contacts().iter().filter_map(|id| self.rows.get(id));
        let here = rows.filter(|row| row.record.organization == repair.organization());
        let examined = repair.examine(here.map(|row| stored(row)).collect());
        let owners: HashMap<AliasKey, ContactId> = examined
            .keys()
            .into_iter()
            .filter_map(|key| {
                let owner = *self.owners.get(&(repair.organization(), key.clone()))?;
                Some((key, owner))
            })
            .collect();
        let (writes, discrepancies) = examined.settle(&owners);
        self.write(repair.organization(), &writes, |_| false)?;
        Ok(discrepancies)
    }

    /// Replaces the row with its id, valid or not.
    pub(super) fn overwrite(
        &mut self,
        record: Record,
        relations: Vec<ContactId>,
        entry: Option<IntercomEntry>,
    ) {
        let (id, organization) = (record.id, record.organization);
        self.owners.retain(|_, owner| *owner != id);
        for key in record.identity_keys() {
            self.owners.insert((organization, key), id);
        }
        let run = self.rows.get(&id).and_then(|row| row.run);
        self.rows.insert(id, Arc::new(Row { record, relations, entry, run }));
    }
}

fn stored(row: &Row) -> StoredContact {
    StoredContact::new(row.record.clone(), &row.relations, row.entry.as_ref())
}
