//! One contact, version by version.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use xtask::Failure;

use crate::history::Delivery;
use crate::item::{Item, Marker};
use crate::reply::Stored;
use crate::row::Row;
use crate::state::State;

/// An item and what was said of its contact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access<'h> {
    /// The place of the batch in the history.
    pub(crate) number: usize,
    pub(crate) delivery: &'h Delivery,
    /// The place of the item in the batch.
    pub(crate) place: usize,
    pub(crate) item: &'h Item,
    pub(crate) stored: &'h Stored,
}

impl Access<'_> {
    /// Whether the contact bears the mark of the item: then the item made this version, or found it
    /// made by the same item sent before. Every item leaves its mark.
    pub(crate) fn is_mark(&self) -> bool {
        self.stored.state.last_name == Some(self.item.marker)
    }
}

impl fmt::Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { delivery, place, item, stored, .. } = self;
        write!(
            f,
            "[batch {} of writer {}, place {place}: {:?} by {} made or met version {} of contact {}: {}]",
            self.number,
            delivery.writer,
            item.target,
            item.marker,
            stored.version,
            stored.id,
            stored.state,
        )
    }
}

/// The versions of a contact and who made and met them.
pub(crate) struct Chain<'h> {
    pub(crate) links: Vec<Link<'h>>,
    /// How many versions nobody was told of.
    pub(crate) gaps: u64,
    /// The ids of all addresses that it ever had.
    pub(crate) addresses: HashSet<i64>,
}

/// A version that somebody was told of.
pub(crate) struct Link<'h> {
    version: u64,
    state: State,
    /// Who made it, unless that was a batch without an answer.
    pub(crate) maker: Option<Access<'h>>,
    /// Who found nothing to change.
    pub(crate) readers: Vec<Access<'h>>,
}

impl<'h> Chain<'h> {
    /// Puts what was said of a contact in order; `doubtful` are the marks of batches that went
    /// without an answer.
    ///
    /// # Errors
    ///
    /// When no order makes all of it true, or the contact ends as another than was said.
    pub(crate) fn of(
        row: &Row,
        accesses: &[Access<'h>],
        doubtful: &HashSet<Marker>,
    ) -> Result<Self, Failure> {
        let mut versions = BTreeMap::<u64, Vec<Access<'h>>>::new();
        for access in accesses {
            versions.entry(access.stored.version).or_default().push(*access);
        }
        let mut chain = Self { links: Vec::new(), gaps: 0, addresses: HashSet::new() };
        for (version, accesses) in versions {
            let link = Link::of(version, accesses)?;
            chain.append(link, doubtful)?;
        }
        chain.end(row)?;
        Ok(chain)
    }

    /// Nobody is told of a version that had been left behind before he asked, or that nobody had
    /// asked for yet; and a change makes a new version.
    ///
    /// # Errors
    ///
    /// When somebody is.
    pub(crate) fn agrees_with_time(&self) -> Result<(), Failure> {
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
            while let Some(told) = answers.next_if(|told| told.delivery.answered < sent) {
                if newest.is_none_or(|newest| newest.stored.version < told.stored.version) {
                    newest = Some(told);
                }
            }
            let version = access.stored.version;
            let maker = makers.get(&version);
            let made_it = maker.is_some_and(|maker| std::ptr::eq(*maker, access));
            if let Some(newest) = newest
                && (version < newest.stored.version
                    || (version == newest.stored.version && made_it))
            {
                let why = "was sent after this had been acknowledged";
                return Err(Failure::Server(format!("{access} {why}: {newest}")));
            }
            if let Some(maker) =
                maker.filter(|maker| access.delivery.answered < maker.delivery.sent)
            {
                return Err(Failure::Server(format!(
                    "{access} was answered before {maker} was sent"
                )));
            }
        }
        Ok(())
    }

    /// All that was said of it, version by version.
    pub(crate) fn accesses(&self) -> impl Iterator<Item = &Access<'h>> {
        self.links.iter().flat_map(|link| link.maker.iter().chain(&link.readers))
    }

    /// How many items found nothing to change.
    pub(crate) fn readers(&self) -> usize {
        self.links.iter().map(|link| link.readers.len()).sum()
    }

    fn append(&mut self, link: Link<'h>, doubtful: &HashSet<Marker>) -> Result<(), Failure> {
        let (last, before) = match self.links.last() {
            Some(last) => (last.version, last.state),
            None => (0, State::default()),
        };
        let untold = link.version - last - 1;
        self.gaps += untold;
        match &link.maker {
            Some(maker) if untold == 0 => {
                if !before.becomes(&link.state, maker.item) {
                    return Err(Failure::Server(format!(
                        "{maker} does not follow from version {last}: {before}"
                    )));
                }
                if last > 0 && !before.is_found_by(maker.item) {
                    return Err(Failure::Server(format!(
                        "{maker} found a contact with other keys: {before}"
                    )));
                }
            }
            Some(_) => {}
            None => {
                self.gaps += 1;
                let mark = link.state.last_name;
                if mark.is_none_or(|mark| !doubtful.contains(&mark)) {
                    return Err(Failure::Server(format!(
                        "nobody made version {} that {} met",
                        link.version,
                        link.readers.first().map(Access::to_string).unwrap_or_default(),
                    )));
                }
            }
        }
        let is_new = link.state.address.is_some() && link.state.address != before.address;
        if let Some(address) = link.state.address
            && is_new
            && !self.addresses.insert(address)
        {
            return Err(Failure::Server(format!(
                "an address got the id {address} of an older one"
            )));
        }
        self.links.push(link);
        Ok(())
    }

    /// The contact is stored as it was last acknowledged; or later, by a batch without an answer.
    fn end(&mut self, row: &Row) -> Result<(), Failure> {
        let Some(last) = self.links.last() else { return Ok(()) };
        let is_as_told = match row.version.checked_sub(last.version) {
            Some(0) => row.state == last.state,
            Some(untold) => {
                self.gaps += untold;
                true
            }
            None => false,
        };
        if is_as_told {
            return Ok(());
        }
        let told = last.maker.as_ref().or(last.readers.first());
        Err(Failure::Server(format!(
            "acknowledged {}, stored version {}: {}",
            told.map(Access::to_string).unwrap_or_default(),
            row.version,
            row.state,
        )))
    }
}

impl<'h> Link<'h> {
    /// One version: all say the same of it, one made it, the others found nothing to change.
    fn of(version: u64, mut accesses: Vec<Access<'h>>) -> Result<Self, Failure> {
        accesses.sort_by_key(|access| (access.delivery.sent, access.place));
        let told = accesses.first().map(|access| *access.stored);
        let state = told.map(|stored| stored.state).unwrap_or_default();
        if let Some(other) = accesses.iter().find(|access| Some(*access.stored) != told) {
            let first = accesses.first().map(Access::to_string).unwrap_or_default();
            return Err(Failure::Server(format!("{first} and {other} differ")));
        }
        let maker = accesses.iter().position(Access::is_mark);
        let maker = maker.map(|place| accesses.remove(place));
        for reader in &accesses {
            if !state.has(reader.item) {
                let other = maker.as_ref().map(Access::to_string).unwrap_or_default();
                return Err(Failure::Server(format!("{reader} is not there, but {other} is")));
            }
        }
        Ok(Self { version, state, maker, readers: accesses })
    }
}
