//! One round: everything once, each on a database of its own. What is compared lies close together
//! in time, and the order turns from round to round.

use std::path::Path;

use clap::ValueEnum;
use xtask::Failure;
use xtask::hub::Hub;

use crate::device;
use crate::engine::{Database, Engine, sync_time};
use crate::erp;
use crate::load::{Expected, Request, send};
use crate::measured::{Key, Phase, Round, What};

/// As many contacts as an ERP sends at a time.
const BATCH: u32 = 1_000;
const PHASES: [Phase; 4] = [Phase::Create, Phase::Unchanged, Phase::Update, Phase::Mixed];

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Contacts in batches.
    pub(crate) contacts: u32,
    /// Requests of one contact over each connection.
    pub(crate) singles: u32,
    /// Entries through the device door, and contacts in one request.
    pub(crate) entries: u32,
    /// Contacts that are there already, where they are to be.
    pub(crate) stored: u32,
}

/// What is measured together, on a database of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The rows of the batches, without a server
    Floor,
    /// Batches through the ERP door
    Batches,
    /// The same beside the contacts of --stored
    BesideMany,
    /// Large requests through the ERP door
    AtOnce,
    /// The device door
    Entries,
    /// Contacts one by one through the ERP door
    Singles,
}

/// A program and what it is measured on.
pub(crate) struct Bench<'a> {
    program: &'a Path,
    engine: Box<dyn Engine>,
    sizes: Sizes,
    parts: &'a [Part],
    /// A database with as many contacts as are to be there already.
    full: Option<Database>,
}

impl<'a> Bench<'a> {
    /// Gets the rows of the floor, and stores what is to be there already.
    ///
    /// # Errors
    ///
    /// When the server or the database fails.
    pub(crate) fn new(
        program: &'a Path,
        engine: Box<dyn Engine>,
        sizes: Sizes,
        parts: &'a [Part],
    ) -> Result<Self, Failure> {
        let mut bench = Self { program, engine, sizes, parts, full: None };
        if parts.contains(&Part::Floor) {
            bench.keep_rows()?;
        }
        if parts.contains(&Part::BesideMany) && sizes.stored > 0 {
            bench.full = Some(bench.fill()?);
        }
        Ok(bench)
    }

    /// What it is measured on.
    pub(crate) fn store(&self) -> &str {
        self.engine.name()
    }

    /// Measures every part; rounds count from 1.
    ///
    /// # Errors
    ///
    /// When the server fails or answers something that was not expected.
    pub(crate) fn round(&mut self, number: u32) -> Result<Round, Failure> {
        let mut round = Round { sync: sync_time()?, ..Round::default() };
        let lanes = self.engine.lanes();
        let mut course = vec![(Part::Floor, 1), (Part::Batches, 1)];
        if lanes.contains(&4) {
            course.push((Part::Floor, 4));
        }
        course.extend([(Part::Batches, 4), (Part::BesideMany, 4)]);
        course.extend([(Part::AtOnce, 1), (Part::Entries, 1), (Part::Singles, 1)]);
        if number.is_multiple_of(2) {
            course.reverse();
        }
        for (part, lanes) in course {
            if self.parts.contains(&part) {
                self.measure(part, lanes, number, &mut round)?;
            }
        }
        Ok(round)
    }

    fn measure(
        &mut self,
        part: Part,
        lanes: u32,
        number: u32,
        round: &mut Round,
    ) -> Result<(), Failure> {
        if part == Part::BesideMany {
            // Taken out while the bench works on it.
            let Some(mut full) = self.full.take() else { return Ok(()) };
            let done = self.beside_many(&mut full, lanes, number, round);
            self.full = Some(full);
            return done;
        }
        let mut database = self.engine.create()?;
        let hub = database.serve(self.program)?;
        match part {
            Part::Batches => self.batches(&hub, lanes, round)?,
            Part::AtOnce => self.at_once(&hub, round)?,
            Part::Entries => self.entries(&hub, round)?,
            Part::Singles => self.singles(&hub, round)?,
            // The server makes the schema, and goes.
            Part::Floor | Part::BesideMany => {}
        }
        round.saw_memory(hub.peak_memory());
        hub.stop()?;
        if part == Part::Floor {
            for (phase, sample) in self.engine.floor(&database, lanes)? {
                round.samples.insert(Key::new(What::Floor, phase, lanes), sample);
            }
        }
        self.engine.discard(database)
    }

    fn batches(&self, hub: &Hub, lanes: u32, round: &mut Round) -> Result<(), Failure> {
        for phase in PHASES {
            let requests = erp::batches(phase, 0..self.sizes.contacts, BATCH, hub.token());
            self.send(hub, &requests, Key::new(What::Batches, phase, lanes), round)?;
        }
        Ok(())
    }

    /// New contacts, the same again, and changes of contacts that lie close together, as `batches`
    /// sends them; then changes of contacts from all over.
    fn beside_many(
        &self,
        full: &mut Database,
        lanes: u32,
        number: u32,
        round: &mut Round,
    ) -> Result<(), Failure> {
        let hub = full.serve(self.program)?;
        let Sizes { contacts, stored, .. } = self.sizes;
        // Mixed batches add as many again, at most.
        let start = stored + (number - 1) * 2 * contacts;
        for phase in PHASES {
            let requests = erp::batches(phase, start..start + contacts, BATCH, hub.token());
            self.send(&hub, &requests, Key::new(What::BesideMany, phase, lanes), round)?;
        }
        let requests = erp::scattered(stored, contacts, number, BATCH, hub.token());
        let key = Key::new(What::BesideMany, Phase::Scattered, lanes);
        self.send(&hub, &requests, key, round)?;
        round.saw_memory(hub.peak_memory());
        hub.stop()
    }

    fn at_once(&self, hub: &Hub, round: &mut Round) -> Result<(), Failure> {
        let count = self.sizes.entries;
        for phase in [Phase::Create, Phase::Unchanged] {
            let requests = erp::batches(phase, 0..count, count, hub.token());
            self.send(hub, &requests, Key::new(What::AtOnce, phase, 1), round)?;
        }
        Ok(())
    }

    fn entries(&self, hub: &Hub, round: &mut Round) -> Result<(), Failure> {
        let (count, token) = (self.sizes.entries, hub.token());
        let phases = [(Phase::Create, "created"), (Phase::Unchanged, "updated")];
        for (phase, said) in phases {
            let request = device::bulk(count, 0, said, token);
            self.send(hub, &[request], Key::new(What::Entries, phase, 1), round)?;
        }
        let mut connection = hub.connect()?;
        device::verify(&mut connection, count, 0, token)?;
        let requests = device::singles(&mut connection, count, 1, token)?;
        self.send(hub, &requests, Key::new(What::SingleEntries, Phase::Update, 8), round)?;
        device::verify(&mut connection, count, 1, token)
    }

    fn singles(&self, hub: &Hub, round: &mut Round) -> Result<(), Failure> {
        let mut next = 0;
        for lanes in [1, 8] {
            let count = self.sizes.singles * lanes;
            let requests = erp::batches(Phase::Create, next..next + count, 1, hub.token());
            next += count;
            self.send(hub, &requests, Key::new(What::Singles, Phase::Create, lanes), round)?;
        }
        Ok(())
    }

    fn send<E: Expected>(
        &self,
        hub: &Hub,
        requests: &[Request<E>],
        key: Key,
        round: &mut Round,
    ) -> Result<(), Failure> {
        let sample = send(hub, self.engine.process(), requests, key.connections)?;
        round.samples.insert(key, sample);
        Ok(())
    }

    /// Has the server store what the floor is to write: a round that nobody measures.
    fn keep_rows(&mut self) -> Result<(), Failure> {
        let mut database = self.engine.create()?;
        let hub = database.serve(self.program)?;
        for phase in [Phase::Create, Phase::Update] {
            let requests = erp::batches(phase, 0..self.sizes.contacts, BATCH, hub.token());
            send(&hub, None, &requests, 1)?;
            self.engine.keep(&database, phase)?;
        }
        hub.stop()?;
        self.engine.discard(database)
    }

    fn fill(&mut self) -> Result<Database, Failure> {
        let mut database = self.engine.create()?;
        let hub = database.serve(self.program)?;
        let mut stored = 0;
        while stored < self.sizes.stored {
            let end = self.sizes.stored.min(stored + 50 * BATCH);
            let requests = erp::batches(Phase::Create, stored..end, BATCH, hub.token());
            send(&hub, None, &requests, 4)?;
            stored = end;
        }
        hub.stop()?;
        self.engine.settle(&database)?;
        Ok(database)
    }
}
