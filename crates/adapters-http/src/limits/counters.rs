//! The counters behind the limits.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use contacts_application::access::TokenDigest;
use contacts_application::ports::{Measurement, Reading};
use tokio::time::timeout;

use super::rate::{Left, Rate, Unit, Wait};
use super::share::{Part, Share};
use crate::problem::{Kind, Problem};
use crate::settings::Settings;

/// The bytes of a body that are not counted: a small request never waits for the large ones.
pub(crate) const SMALL_BODY: usize = 64 << 10;

/// The bodies of all requests beyond [`SMALL_BODY`] each, in KiB.
const BODIES: u32 = 128 << 10;

/// What all requests with more than [`SMALL_WEIGHT`] take to be processed, in KiB.
const MEMORY: u32 = 192 << 10;

/// The weight of a request that need not wait for memory, in bytes.
pub(super) const SMALL_WEIGHT: usize = 640 << 10;

/// How many answers with large documents are sent at once.
const LARGE_ANSWERS: u32 = 2;

/// How many lists of the directory run at once.
const LISTS: u32 = 16;

/// How many exports run at once.
const EXPORTS: u32 = 4;

/// One token has at most that part of the requests that wait for changes: 100 of 2,000.
const LONG_POLLERS: u32 = 20;

/// How long a request waits for its part.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// What the requests of all tokens hold.
pub(crate) struct Limits {
    requests: Option<Rate>,
    items: Option<Rate>,
    /// Requests whose body is arriving.
    arriving: Share,
    /// Requests whose body is there, until the last byte of the answer is sent.
    working: Share,
    bodies: Share,
    memory: Share,
    lists: Share,
    exports: Share,
    /// Requests that wait for changes.
    waiting: Share,
    /// The turn of a batch with much larger documents than it has itself.
    turn: Share,
    large_answers: Share,
    streams: Share,
    spool: Share,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let in_flight = clamped(settings.max_in_flight);
        let rate = |unit, per_second: Option<NonZeroU32>| {
            per_second.map(|per_second| Rate::new(unit, per_second, settings.rate_burst_seconds))
        };
        Self {
            requests: rate(Unit::Requests, settings.requests_per_second),
            items: rate(Unit::Items, settings.items_per_second),
            arriving: Share::new(in_flight),
            working: Share::new(in_flight),
            bodies: Share::new(BODIES),
            memory: Share::new(MEMORY),
            lists: Share::new(LISTS),
            exports: Share::new(EXPORTS),
            waiting: Share::divided(settings.max_long_polls, LONG_POLLERS),
            turn: Share::new(1),
            large_answers: Share::new(LARGE_ANSWERS),
            streams: Share::divided(clamped(settings.max_streams), 4),
            spool: Share::new(u32::try_from(settings.stream_spool_bytes >> 10).unwrap_or(u32::MAX)),
        }
    }

    /// What is held now.
    pub(crate) fn measurements(&self) -> [Measurement; 8] {
        let held = |name, about, share: &Share| Measurement {
            name,
            about,
            value: Reading::Level(share.held()),
        };
        [
            held("arriving_requests", "Requests whose body arrives", &self.arriving),
            held(
                "working_requests",
                "Requests whose body is there, until the answer is taken",
                &self.working,
            ),
            held("held_body_kib", "Room for bodies that arrive, in KiB", &self.bodies),
            held("held_memory_kib", "Memory of large requests, in KiB", &self.memory),
            held("running_lists", "Lists of the directory that run", &self.lists),
            held(
                "large_answers",
                "Answers with large documents that are sent",
                &self.large_answers,
            ),
            held("streams", "Streams of lines that arrive", &self.streams),
            held("spooled_kib", "Answers to streams in temporary files, in KiB", &self.spool),
        ]
    }

    /// The most items that may be counted at once.
    pub(crate) fn items_at_once(&self) -> usize {
        self.items.as_ref().map_or(usize::MAX, Rate::burst)
    }

    /// Counts requests or items of a token, all or none, if they have a rate.
    pub(super) fn count(
        &self,
        unit: Unit,
        token: TokenDigest,
        number: usize,
    ) -> Option<(Left, Result<(), Wait>)> {
        let number = NonZeroU32::new(clamped(number))?;
        let rate = match unit {
            Unit::Requests => &self.requests,
            Unit::Items => &self.items,
        };
        rate.as_ref().map(|rate| rate.count(token, number))
    }

    /// The place of a request whose body arrives.
    pub(crate) fn arrive(&self, token: TokenDigest) -> Result<Part, Problem> {
        self.arriving.try_take(token, 1).ok_or_else(full)
    }

    /// The place of a request that is worked on.
    pub(crate) fn work(&self, token: TokenDigest) -> Result<Part, Problem> {
        self.working.try_take(token, 1).ok_or_else(full)
    }

    /// The place of an export.
    pub(crate) fn export(&self, token: TokenDigest) -> Result<Part, Problem> {
        self.exports.try_take(token, 1).ok_or_else(full)
    }

    /// The place of a request that waits for changes.
    pub(crate) fn wait(&self, token: TokenDigest) -> Result<Part, Problem> {
        self.waiting.try_take(token, 1).ok_or_else(full)
    }

    /// Room for the next bytes of a large body.
    pub(crate) fn body(&self, token: TokenDigest, bytes: usize) -> Result<Part, Problem> {
        self.bodies.try_take(token, kib(bytes)).ok_or_else(full)
    }

    /// The place of a stream, of which one token has a quarter.
    pub(crate) fn stream(&self, token: TokenDigest) -> Result<Part, Problem> {
        self.streams.try_take(token, 1).ok_or_else(full)
    }

    /// Room for an answer that is not read yet.
    pub(crate) fn spool(&self, token: TokenDigest, bytes: usize) -> Result<Part, Problem> {
        self.spool.try_take(token, kib(bytes)).ok_or_else(full)
    }

    /// Memory for a request of that [weight](super::weigh). A large one waits for its turn.
    pub(crate) async fn memory(
        &self,
        token: TokenDigest,
        weight: usize,
    ) -> Result<Option<Part>, Problem> {
        if weight <= SMALL_WEIGHT {
            return Ok(None);
        }
        if kib(weight) > MEMORY {
            let detail = format!(
                "the request takes about {} MiB of memory, of at most {}; send fewer items",
                weight >> 20,
                MEMORY >> 10
            );
            return Err(Problem::new(Kind::BodyTooLarge, detail));
        }
        wait(self.memory.take(token, kib(weight))).await.map(Some)
    }

    /// The turn of a list of the directory.
    pub(crate) async fn list(&self, token: TokenDigest) -> Result<Part, Problem> {
        wait(self.lists.take(token, 1)).await
    }

    /// The turn of a batch with much larger documents than it has itself.
    pub(crate) async fn turn(&self, token: TokenDigest) -> Result<Part, Problem> {
        wait(self.turn.take(token, 1)).await
    }

    /// The place of the answer to such a batch.
    pub(crate) async fn large_answer(&self, token: TokenDigest) -> Result<Part, Problem> {
        wait(self.large_answers.take(token, 1)).await
    }
}

fn clamped(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

async fn wait(part: impl Future<Output = Option<Part>>) -> Result<Part, Problem> {
    timeout(MAX_WAIT, part).await.ok().flatten().ok_or_else(full)
}

fn full() -> Problem {
    Problem::unavailable(None)
}

pub(super) fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}
