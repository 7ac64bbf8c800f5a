//! The versions of one contact.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use anyhow::{Result, bail, ensure};

use super::delivery::Delivery;
use super::item::{Item, Marker};
use super::reply::Stored;
use super::row::Row;
use super::state::State;

/// An item, and the contact that its answer shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access<'h> {
    /// The position of the batch in the history.
    pub(super) number: usize,
    pub(super) delivery: &'h Delivery,
    /// The position of the item in the batch.
    pub(super) place: usize,
    pub(super) item: &'h Item,
    pub(super) stored: &'h Stored,
}

impl Access<'_> {
    /// Whether the contact has the marker of the item. Every writing item leaves its marker, so this
    /// item made the version, or found it made by the same item sent before.
    fn has_marker(&self) -> bool {
        self.stored.state.last_name == Some(self.item.marker)
    }
}

impl fmt::Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, delivery, place, item, stored } = self;
        let (Item { target, marker, .. }, Stored { version, id, state, .. }) = (item, stored);
        write!(
            f,
            "[batch {number} of writer {}, place {place}: {target:?} by {marker} made or found \
             version {version} of contact {id}: {state}]",
            delivery.writer,
        )
    }
}

/// The acknowledged versions of a contact.
pub(super) struct Chain<'h> {
    pub(super) links: Vec<Link<'h>>,
    /// How many versions no answer acknowledged.
    pub(super) gaps: u64,
    /// The ids of all its addresses.
    pub(super) addresses: HashSet<i64>,
}

/// A version, with the items that made and found it.
pub(super) struct Link<'h> {
    version: u64,
    state: State,
    /// The item that made it, unless that was in a batch without an answer.
    pub(super) maker: Option<Access<'h>>,
    /// The items that found nothing to change.
    pub(super) readers: Vec<Access<'h>>,
}

impl<'h> Chain<'h> {
    /// Orders the accesses to a contact by version, and checks that each version follows from the one
    /// before and that the stored row follows from the last. `doubtful` are the markers of batches
    /// that were sent without an answer.
    pub(super) fn of(
        row: &Row,
        accesses: &[Access<'h>],
        doubtful: &HashSet<Marker>,
    ) -> Result<Self> {
        let mut versions = BTreeMap::<u64, Vec<Access<'h>>>::new();
        for access in accesses {
            versions.entry(access.stored.version).or_default().push(*access);
        }
        let mut chain = Self { links: Vec::new(), gaps: 0, addresses: HashSet::new() };
        for (version, accesses) in versions {
            chain.append(Link::of(version, accesses)?, doubtful)?;
        }
        chain.check_end(row)?;
        Ok(chain)
    }

    /// Checks that no answer shows a version older than one acknowledged before the request was sent,
    /// or one that was made only later; and that a change makes a new version.
    pub(super) fn check_time(&self) -> Result<()> {
        let mut by_answer = self.accesses().collect::<Vec<_>>();
        by_answer.sort_by_key(|access| access.delivery.answered);
        let mut by_sending = self.accesses().collect::<Vec<_>>();
        by_sending.sort_by_key(|access| access.delivery.sent);
        let makers = self.links.iter().filter_map(|link| link.maker.as_ref());
        let makers = makers.map(|maker| (maker.stored.version, maker)).collect::<BTreeMap<_, _>>();

        let mut answers = by_answer.into_iter().peekable();
        let mut newest: Option<&Access<'_>> = None;
        for access in by_sending {
            let sent = access.delivery.sent;
            while let Some(answer) = answers.next_if(|answer| answer.delivery.answered < sent) {
                if newest.is_none_or(|newest| newest.stored.version < answer.stored.version) {
                    newest = Some(answer);
                }
            }
            let version = access.stored.version;
            let maker = makers.get(&version);
            let made_it = maker.is_some_and(|maker| std::ptr::eq(*maker, access));
            if let Some(newest) = newest
                && (version < newest.stored.version
                    || (version == newest.stored.version && made_it))
            {
                bail!("{access} was sent after this had been acknowledged: {newest}");
            }
            if let Some(maker) = maker {
                let is_early = access.delivery.answered < maker.delivery.sent;
                ensure!(!is_early, "{access} was answered before {maker} was sent");
            }
        }
        Ok(())
    }

    /// All accesses, by version.
    pub(super) fn accesses(&self) -> impl Iterator<Item = &Access<'h>> {
        self.links.iter().flat_map(|link| link.maker.iter().chain(&link.readers))
    }

    /// How many items found nothing to change.
    pub(super) fn readers(&self) -> usize {
        self.links.iter().map(|link| link.readers.len()).sum()
    }

    fn append(&mut self, link: Link<'h>, doubtful: &HashSet<Marker>) -> Result<()> {
        let (last, before) = match self.links.last() {
            Some(last) => (last.version, last.state),
            None => (0, State::default()),
        };
        let gap = link.version - last - 1;
        self.gaps += gap;
        match &link.maker {
            Some(maker) if gap == 0 => {
                ensure!(
                    before.becomes(&link.state, maker.item),
                    "{maker} does not follow from version {last}: {before}"
                );
                ensure!(
                    last == 0 || before.is_found_by(maker.item),
                    "{maker} found a contact with other keys: {before}"
                );
            }
            Some(_) => {}
            None => {
                self.gaps += 1;
                let marker = link.state.last_name;
                ensure!(
                    marker.is_some_and(|marker| doubtful.contains(&marker)),
                    "no item made version {} that {} found",
                    link.version,
                    link.readers.first().map(Access::to_string).unwrap_or_default(),
                );
            }
        }
        if let Some(address) = link.state.address.filter(|id| Some(*id) != before.address) {
            let is_new = self.addresses.insert(address);
            ensure!(is_new, "a new address has the id {address} of an older one");
        }
        self.links.push(link);
        Ok(())
    }

    /// Checks that the row has the last acknowledged version, or a later one of a batch without an
    /// answer.
    fn check_end(&mut self, row: &Row) -> Result<()> {
        let Some(last) = self.links.last() else { return Ok(()) };
        let gap = row.version.checked_sub(last.version);
        self.gaps += gap.unwrap_or(0);
        ensure!(
            gap.is_some_and(|gap| gap > 0 || row.state == last.state),
            "acknowledged {}, stored version {}: {}",
            last.maker.as_ref().or(last.readers.first()).map(Access::to_string).unwrap_or_default(),
            row.version,
            row.state,
        );
        Ok(())
    }
}

impl<'h> Link<'h> {
    /// Checks that all accesses show the same version, that one item made it, and that the others
    /// found nothing to change.
    fn of(version: u64, mut accesses: Vec<Access<'h>>) -> Result<Self> {
        accesses.sort_by_key(|access| (access.delivery.sent, access.place));
        let first = accesses.first().map(|access| *access.stored);
        let state = first.map(|stored| stored.state).unwrap_or_default();
        if let Some(other) = accesses.iter().find(|access| Some(*access.stored) != first) {
            let first = accesses.first().map(Access::to_string).unwrap_or_default();
            bail!("{first} and {other} differ");
        }
        let maker = accesses.iter().position(Access::has_marker);
        let maker = maker.map(|place| accesses.remove(place));
        if let Some(reader) = accesses.iter().find(|reader| !state.has(reader.item)) {
            let other = maker.as_ref().map(Access::to_string).unwrap_or_default();
            bail!("{reader} is not stored, but {other} is");
        }
        Ok(Self { version, state, maker, readers: accesses })
    }
}
