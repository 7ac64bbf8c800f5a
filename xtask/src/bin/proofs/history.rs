//! Everything that was sent and answered, and whether it can be true.
//!
//! The checker knows nothing of the server. It takes the answers at their word and looks for a way
//! in which all of them are right: the contacts in the order of their versions, each item's change
//! applied to the version before, and the batches in one order that agrees with the clock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use xtask::Failure;

use crate::chain::{Access, Chain};
use crate::item::{Item, Key, Kind, Marker, Target};
use crate::order::{self, Isolation};
use crate::reply::Said;
use crate::row::Row;

/// A batch that was answered.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) writer: u16,
    /// When it was first sent.
    pub(crate) sent: Instant,
    pub(crate) answered: Instant,
    /// How often it was sent without an answer that says what became of it: each time, it may have
    /// been stored.
    pub(crate) doubts: u32,
    pub(crate) items: Vec<(Item, Said)>,
}

/// Everything that was sent and answered.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) deliveries: Vec<Delivery>,
}

/// What a sound history amounts to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) batches: usize,
    /// Batches that were sent again.
    pub(crate) doubtful: usize,
    pub(crate) items: usize,
    pub(crate) unchanged: usize,
    /// Items that were refused for breaking a rule, as they do.
    pub(crate) wrong: usize,
    /// Items that lost a race for a key time and again, as the rules allow.
    pub(crate) lost_races: usize,
    pub(crate) highest_version: u64,
}

impl History {
    /// Whether all answers, and in the end these rows, can be true together.
    ///
    /// # Errors
    ///
    /// The counter-example.
    pub(crate) fn check(
        &self,
        keys: impl ExactSizeIterator<Item = u32>,
        rows: &[Row],
        isolation: Isolation,
    ) -> Result<Summary, Failure> {
        let mut summary = self.verdicts()?;
        let owners = owners(keys, rows)?;
        let mut chains = Vec::new();
        let doubtful = self.doubtful_markers();
        let mut gaps: BTreeMap<u32, u64> = BTreeMap::new();
        let mut addresses = HashMap::new();
        for (id, accesses) in &self.accesses() {
            let Some(row) = rows.iter().find(|row| row.id == *id) else {
                return Err(Failure::Server(format!(
                    "contact {id} was acknowledged ({}) and is not there",
                    accesses.first().map(Access::to_string).unwrap_or_default()
                )));
            };
            let chain = Chain::of(row, accesses, &doubtful)?;
            chain.agrees_with_time()?;
            summary.highest_version = summary.highest_version.max(row.version);
            summary.unchanged += chain.readers();
            *gaps.entry(family(row.state.external_id)).or_default() += chain.gaps;
            for address in &chain.addresses {
                if let Some(other) = addresses.insert(*address, *id) {
                    return Err(Failure::Server(format!(
                        "the id {address} was given twice: for parts of contacts {other} and {id}"
                    )));
                }
            }
            chains.push(chain);
        }
        if let Some(id) = rows.iter().map(|row| row.id).find(|id| addresses.contains_key(id)) {
            return Err(Failure::Server(format!("the id {id} is a contact's and an address's")));
        }
        self.doubts_cover(&gaps, &owners)?;
        order::check(self, &chains, isolation)?;
        Ok(summary)
    }

    /// Looks at the verdicts alone.
    fn verdicts(&self) -> Result<Summary, Failure> {
        let mut summary = Summary { batches: self.deliveries.len(), ..Summary::default() };
        for delivery in &self.deliveries {
            summary.doubtful += usize::from(delivery.doubts > 0);
            for (item, said) in &delivery.items {
                summary.items += 1;
                match said {
                    Said::Stored(_) if item.kind != Kind::Wrong => {}
                    Said::Refused(code)
                        if item.kind == Kind::Wrong && code == "CONVERSION_ERROR" =>
                    {
                        summary.wrong += 1;
                    }
                    // An exchange that is refused in part would take a key from its contact.
                    Said::Refused(code)
                        if code == "UNIQUE_CONSTRAINT_VIOLATION" && item.key().is_some() =>
                    {
                        summary.lost_races += 1;
                    }
                    said => {
                        return Err(Failure::Server(format!(
                            "a wrong verdict: {said:?} for {item:?}"
                        )));
                    }
                }
            }
        }
        Ok(summary)
    }

    /// What was said of each contact.
    fn accesses(&self) -> BTreeMap<i64, Vec<Access<'_>>> {
        let mut accesses = BTreeMap::<i64, Vec<_>>::new();
        for (number, delivery) in self.deliveries.iter().enumerate() {
            for (place, (item, said)) in delivery.items.iter().enumerate() {
                if let Said::Stored(stored) = said {
                    let access = Access { number, delivery, place, item, stored };
                    accesses.entry(stored.id).or_default().push(access);
                }
            }
        }
        accesses
    }

    /// The markers of the items that may have been stored without an answer that says so.
    fn doubtful_markers(&self) -> HashSet<Marker> {
        let doubtful = self.deliveries.iter().filter(|delivery| delivery.doubts > 0);
        doubtful.flat_map(|delivery| &delivery.items).map(|(item, _)| item.marker).collect()
    }

    /// Versions that nobody was told of come from batches that were sent without an answer, and of
    /// those there are enough.
    fn doubts_cover(
        &self,
        gaps: &BTreeMap<u32, u64>,
        owners: &HashMap<i64, Key>,
    ) -> Result<(), Failure> {
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
            if *gaps > doubts {
                return Err(Failure::Server(format!(
                    "contacts of {} and {} have {gaps} versions that nobody was told of, and {doubts} \
                     items went without an answer",
                    Key(*family),
                    Key(*family).partner(),
                )));
            }
        }
        Ok(())
    }
}

/// A pair of keys: contacts exchange theirs, and stay within it.
fn family(key: Option<Key>) -> u32 {
    key.map_or(u32::MAX, |key| key.0 & !1)
}

/// One living contact for each key, and no other contact.
fn owners(
    keys: impl ExactSizeIterator<Item = u32>,
    rows: &[Row],
) -> Result<HashMap<i64, Key>, Failure> {
    let wrong = |what: String| Err(Failure::Server(what));
    let wanted = keys.len();
    let mut missing = keys.collect::<HashSet<_>>();
    let mut owners = HashMap::new();
    for row in rows {
        let Row { id, state, .. } = row;
        let Some(key) = state.external_id else {
            return wrong(format!("contact {id} has no external id: {state}"));
        };
        if row.is_deleted {
            return wrong(format!("contact {id} was deleted, which nobody asked for"));
        }
        if state.link_id.is_some_and(|link_id| link_id != key) {
            return wrong(format!("contact {id} has keys of two contacts: {state}"));
        }
        if !missing.remove(&key.0) {
            return wrong(format!("contact {id} is one too many for {key}"));
        }
        owners.insert(*id, key);
    }
    match missing.iter().min() {
        None => Ok(owners),
        Some(key) => {
            wrong(format!("{} of {wanted} contacts are missing: {}", missing.len(), Key(*key)))
        }
    }
}

#[cfg(test)]
mod tests;
