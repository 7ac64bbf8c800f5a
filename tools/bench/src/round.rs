//! One round: every part once, each on a new database. Parts that are compared follow each other
//! closely, and the order alternates from round to round.

use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};
use server_process::ServerProcess;

use crate::device;
use crate::engine::{Database, Engine, sync_time};
use crate::erp;
use crate::load::{Expected, Request, rest, send};
use crate::measured::{Key, Phase, Round, What};

/// How many contacts an ERP sends in one request.
const BATCH: u32 = 1_000;
const PHASES: [Phase; 4] = [Phase::Create, Phase::Unchanged, Phase::Update, Phase::Mixed];

/// How much is sent.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Sizes {
    /// How many contacts are sent in batches
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..1_000_000))]
    pub(crate) contacts: u32,
    /// How many requests of one contact each connection sends
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..100_000))]
    pub(crate) singles: u32,
    /// How many entries are sent to the device API, and contacts to the ERP API, in one request
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) entries: u32,
    /// Measure also beside this many stored contacts; at least as many as are sent
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..100_000_000))]
    pub(crate) stored: u32,
}

impl Sizes {
    /// For a look at where one stands.
    pub(crate) const QUICK: Self =
        Self { contacts: 10_000, singles: 200, entries: 5_000, stored: 100_000 };
}

/// What is measured together, on a new database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The rows of the batches, without a server
    Floor,
    /// Batches to the ERP API
    Batches,
    /// The same beside the contacts of --stored
    BesideMany,
    /// Large requests to the ERP API
    AtOnce,
    /// The device API
    Entries,
    /// Contacts one by one to the ERP API, and reads by id
    Singles,
}

/// A program, and the engine of its databases.
pub(crate) struct Bench<'a> {
    program: &'a Path,
    engine: Box<dyn Engine>,
    /// The keys that the organization matches by, if it is not the default.
    match_by: Option<&'a str>,
    sizes: Sizes,
    parts: &'a [Part],
    /// A database with the contacts of --stored.
    full: Option<Database>,
}

impl<'a> Bench<'a> {
    /// Prepares the rows of the floor and the database with stored contacts.
    pub(crate) fn new(
        program: &'a Path,
        engine: Box<dyn Engine>,
        match_by: Option<&'a str>,
        sizes: Sizes,
        parts: &'a [Part],
    ) -> Result<Self> {
        let mut bench = Self { program, engine, match_by, sizes, parts, full: None };
        if parts.contains(&Part::Floor) {
            bench.keep_rows()?;
        }
        if parts.contains(&Part::BesideMany) && sizes.stored > 0 {
            bench.full = Some(bench.fill()?);
        }
        Ok(bench)
    }

    /// The name of the engine.
    pub(crate) fn store(&self) -> &str {
        self.engine.name()
    }

    /// Measures every part. Rounds are counted from 1.
    pub(crate) fn round(&mut self, number: u32) -> Result<Round> {
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

    fn measure(&mut self, part: Part, lanes: u32, number: u32, round: &mut Round) -> Result<()> {
        if part == Part::BesideMany {
            // Taken out, because `self` is used meanwhile.
            let Some(mut full) = self.full.take() else { return Ok(()) };
            let done = self.beside_many(&mut full, lanes, number, round);
            self.full = Some(full);
            return done;
        }
        let mut database = self.engine.create()?;
        let server = database.serve(self.program, self.match_by)?;
        let what = match part {
            Part::Batches => self.batches(&server, lanes, round)?,
            Part::AtOnce => self.at_once(&server, round)?,
            Part::Entries => self.entries(&server, round)?,
            Part::Singles => self.singles(&server, round)?,
            // The server only creates the schema.
            Part::Floor | Part::BesideMany => What::Floor,
        };
        round.add_memory(what, server.peak_memory());
        server.stop()?;
        if part == Part::Floor {
            for (phase, sample) in self.engine.floor(&database, lanes)? {
                round.samples.insert(Key::new(What::Floor, phase, lanes), sample);
            }
        }
        self.engine.discard(database)
    }

    fn batches(&self, server: &ServerProcess, lanes: u32, round: &mut Round) -> Result<What> {
        for phase in PHASES {
            let requests = erp::batches(phase, 0..self.sizes.contacts, BATCH, server.token());
            self.send(server, &requests, Key::new(What::Batches, phase, lanes), round)?;
            rest(server)?;
        }
        Ok(What::Batches)
    }

    /// The phases of `batches` with neighbouring contacts, then changes of contacts far apart.
    fn beside_many(
        &self,
        full: &mut Database,
        lanes: u32,
        number: u32,
        round: &mut Round,
    ) -> Result<()> {
        let server = full.serve(self.program, self.match_by)?;
        let Sizes { contacts, stored, .. } = self.sizes;
        // Mixed batches add as many again at most.
        let start = stored + (number - 1) * 2 * contacts;
        rest(&server)?;
        for phase in PHASES {
            let requests = erp::batches(phase, start..start + contacts, BATCH, server.token());
            self.send(&server, &requests, Key::new(What::BesideMany, phase, lanes), round)?;
            rest(&server)?;
        }
        let requests = erp::scattered(stored, contacts, number, BATCH, server.token());
        let key = Key::new(What::BesideMany, Phase::Scattered, lanes);
        self.send(&server, &requests, key, round)?;
        round.add_memory(What::BesideMany, server.peak_memory());
        server.stop()
    }

    /// One request, the same again, then four such requests at once.
    fn at_once(&self, server: &ServerProcess, round: &mut Round) -> Result<What> {
        let count = self.sizes.entries;
        let four = (Phase::Create, count..5 * count, 4);
        for (phase, numbers, lanes) in
            [(Phase::Create, 0..count, 1), (Phase::Unchanged, 0..count, 1), four]
        {
            let requests = erp::batches(phase, numbers, count, server.token());
            self.send(server, &requests, Key::new(What::AtOnce, phase, lanes), round)?;
            rest(server)?;
        }
        Ok(What::AtOnce)
    }

    fn entries(&self, server: &ServerProcess, round: &mut Round) -> Result<What> {
        let (count, token) = (self.sizes.entries, server.token());
        let phases = [(Phase::Create, "created"), (Phase::Unchanged, "updated")];
        for (phase, result) in phases {
            let request = device::bulk(count, 0, result, token);
            self.send(server, &[request], Key::new(What::Entries, phase, 1), round)?;
        }
        let mut connection = server.connect()?;
        device::verify(&mut connection, count, 0, token)?;
        let requests = device::singles(&mut connection, count, 1, token)?;
        self.send(server, &requests, Key::new(What::SingleEntries, Phase::Update, 8), round)?;
        device::verify(&mut connection, count, 1, token)?;
        Ok(What::Entries)
    }

    /// Creates over 1, 8 and 64 connections, then reads of what was created.
    fn singles(&self, server: &ServerProcess, round: &mut Round) -> Result<What> {
        let token = server.token();
        let mut next = 0;
        for lanes in [1, 8, 64] {
            let count = self.sizes.singles * lanes;
            let requests = erp::batches(Phase::Create, next..next + count, 1, token);
            next += count;
            self.send(server, &requests, Key::new(What::Singles, Phase::Create, lanes), round)?;
        }
        let stored = erp::stored(&mut server.connect()?, 0..self.sizes.singles, token)?;
        for lanes in [1, 8] {
            let requests = erp::reads(&stored, self.sizes.singles * lanes, token);
            self.send(server, &requests, Key::new(What::Reads, Phase::Read, lanes), round)?;
        }
        Ok(What::Singles)
    }

    fn send<E: Expected>(
        &self,
        server: &ServerProcess,
        requests: &[Request<E>],
        key: Key,
        round: &mut Round,
    ) -> Result<()> {
        let sample = send(server, self.engine.process(), requests, key.connections)?;
        round.samples.insert(key, sample);
        Ok(())
    }

    /// Makes the server store the rows that the floor writes later.
    fn keep_rows(&mut self) -> Result<()> {
        let mut database = self.engine.create()?;
        let server = database.serve(self.program, self.match_by)?;
        for phase in [Phase::Create, Phase::Update] {
            let requests = erp::batches(phase, 0..self.sizes.contacts, BATCH, server.token());
            send(&server, None, &requests, 1)?;
            self.engine.keep(&database, phase)?;
        }
        server.stop()?;
        self.engine.discard(database)
    }

    fn fill(&mut self) -> Result<Database> {
        let mut database = self.engine.create()?;
        let server = database.serve(self.program, self.match_by)?;
        let mut stored = 0;
        while stored < self.sizes.stored {
            let end = self.sizes.stored.min(stored + 50 * BATCH);
            let requests = erp::batches(Phase::Create, stored..end, BATCH, server.token());
            send(&server, None, &requests, 4)?;
            stored = end;
        }
        rest(&server)?;
        server.stop()?;
        self.engine.settle(&database)?;
        Ok(database)
    }
}
