//! Everything that was sent and answered, and the check whether it can be true.

mod chain;
mod delivery;
mod item;
mod order;
mod reply;
mod row;
mod state;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use anyhow::{Context as _, Result, bail, ensure};

use self::chain::{Access, Chain};
pub use self::delivery::Delivery;
pub use self::item::{Change, Item, Key, Kind, Marker, Target, body};
pub use self::order::Isolation;
pub use self::reply::{Stored, Verdict, read_reply};
pub use self::row::Row;
pub use self::state::State;

/// Everything that was sent and answered.
#[derive(Debug, Default)]
pub struct History {
    /// The answered batches.
    pub deliveries: Vec<Delivery>,
}

/// The numbers of a history that is right.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Answered batches.
    pub batches: usize,
    /// Batches that were sent more than once.
    pub doubtful: usize,
    /// Items of all batches.
    pub items: usize,
    /// Items that changed nothing.
    pub unchanged: usize,
    /// Items that break a rule and were refused.
    pub wrong: usize,
    /// Items that lost a race for a key at every retry, as the rules allow.
    pub lost_races: usize,
    /// The highest version of a contact.
    pub highest_version: u64,
    /// Stored contacts.
    pub contacts: usize,
}

impl History {
    /// Checks whether all answers and these stored rows can be true together.
    ///
    /// # Errors
    ///
    /// They cannot; the error is the counter-example.
    pub fn check(
        &self,
        keys: impl ExactSizeIterator<Item = u32>,
        rows: &[Row],
        isolation: Isolation,
    ) -> Result<Summary> {
        let mut summary = self.check_verdicts()?;
        summary.contacts = rows.len();
        let owners = owners(keys, rows)?;
        let mut chains = Vec::new();
        let doubtful = self.doubtful_markers();
        let mut gaps: BTreeMap<u32, u64> = BTreeMap::new();
        let mut addresses = HashMap::new();
        for (id, accesses) in &self.accesses() {
            let row = rows.iter().find(|row| row.id == *id);
            let row = row.with_context(|| {
                let first = accesses.first().map(Access::to_string).unwrap_or_default();
                format!("contact {id} was acknowledged ({first}) and is not stored")
            })?;
            let chain = Chain::of(row, accesses, &doubtful)?;
            chain.check_time()?;
            summary.highest_version = summary.highest_version.max(row.version);
            summary.unchanged += chain.readers();
            *gaps.entry(family(row.state.external_id)).or_default() += chain.gaps;
            for address in &chain.addresses {
                if let Some(other) = addresses.insert(*address, *id) {
                    bail!("the id {address} was given twice: in contacts {other} and {id}");
                }
            }
            chains.push(chain);
        }
        if let Some(id) = rows.iter().map(|row| row.id).find(|id| addresses.contains_key(id)) {
            bail!("the id {id} belongs to a contact and to an address");
        }
        self.check_gaps(&gaps, &owners)?;
        order::check(&self.deliveries, &chains, isolation)?;
        Ok(summary)
    }

    /// Checks each verdict against its item alone.
    fn check_verdicts(&self) -> Result<Summary> {
        let mut summary = Summary { batches: self.deliveries.len(), ..Summary::default() };
        for delivery in &self.deliveries {
            summary.doubtful += usize::from(delivery.doubts > 0);
            for (item, verdict) in &delivery.items {
                summary.items += 1;
                match verdict {
                    Verdict::Stored(_) if item.kind != Kind::Wrong => {}
                    Verdict::Refused(code)
                        if item.kind == Kind::Wrong && code == "CONVERSION_ERROR" =>
                    {
                        summary.wrong += 1;
                    }
                    // An exchange that is refused in part would take a key from its contact.
                    Verdict::Refused(code)
                        if code == "UNIQUE_CONSTRAINT_VIOLATION" && item.key().is_some() =>
                    {
                        summary.lost_races += 1;
                    }
                    verdict => bail!("a wrong verdict: {verdict:?} for {item:?}"),
                }
            }
        }
        Ok(summary)
    }

    /// The accesses to each contact.
    fn accesses(&self) -> BTreeMap<i64, Vec<Access<'_>>> {
        let mut accesses = BTreeMap::<i64, Vec<_>>::new();
        for (number, delivery) in self.deliveries.iter().enumerate() {
            for (place, (item, verdict)) in delivery.items.iter().enumerate() {
                if let Verdict::Stored(stored) = verdict {
                    let access = Access { number, delivery, place, item, stored };
                    accesses.entry(stored.id).or_default().push(access);
                }
            }
        }
        accesses
    }

    /// The markers of the items that may have been stored without an answer.
    fn doubtful_markers(&self) -> HashSet<Marker> {
        let doubtful = self.deliveries.iter().filter(|delivery| delivery.doubts > 0);
        doubtful.flat_map(|delivery| &delivery.items).map(|(item, _)| item.marker).collect()
    }

    /// Checks that there are no more unacknowledged versions than sendings without an answer.
    fn check_gaps(&self, gaps: &BTreeMap<u32, u64>, owners: &HashMap<i64, Key>) -> Result<()> {
        let mut doubts: BTreeMap<u32, u64> = BTreeMap::new();
        for delivery in &self.deliveries {
            for (item, _) in &delivery.items {
                let key = match item.target {
                    Target::Id(id) => owners.get(&id).copied(),
                    _ => item.key(),
                };
                *doubts.entry(family(key)).or_default() += u64::from(delivery.doubts);
            }
        }
        for (family, gaps) in gaps {
            let doubts = doubts.get(family).copied().unwrap_or(0);
            ensure!(
                *gaps <= doubts,
                "contacts of {} and {} have {gaps} versions that no answer acknowledged, and \
                 {doubts} items were sent without an answer",
                Key(*family),
                Key(*family).partner(),
            );
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { batches, doubtful, items, contacts, highest_version, .. } = self;
        write!(
            f,
            "{items} items in {batches} batches acknowledged, {doubtful} of them sent more than \
             once; {contacts} contacts, the most written at version {highest_version}"
        )
    }
}

/// A pair of keys. Contacts exchange keys within a pair only.
fn family(key: Option<Key>) -> u32 {
    key.map_or(u32::MAX, |key| key.0 & !1)
}

/// The key of each contact. Checks that there is one living contact for each key, and no other.
fn owners(keys: impl ExactSizeIterator<Item = u32>, rows: &[Row]) -> Result<HashMap<i64, Key>> {
    let count = keys.len();
    let mut missing = keys.collect::<HashSet<_>>();
    let mut owners = HashMap::new();
    for Row { id, state, is_deleted, .. } in rows {
        let key = state.external_id;
        let key = key.with_context(|| format!("contact {id} has no external id: {state}"))?;
        ensure!(!is_deleted, "contact {id} was deleted without a request");
        let has_other_link = state.link_id.is_some_and(|link_id| link_id != key);
        ensure!(!has_other_link, "contact {id} has keys of two contacts: {state}");
        ensure!(missing.remove(&key.0), "contact {id} is a second contact for {key}");
        owners.insert(*id, key);
    }
    if let Some(key) = missing.iter().min() {
        bail!("{} of {count} contacts are missing: {}", missing.len(), Key(*key));
    }
    Ok(owners)
}

#[cfg(test)]
mod tests;
