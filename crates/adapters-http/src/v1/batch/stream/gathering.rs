//! Gathers lines into chunks, and reads their items.

use std::sync::Arc;

use contacts_application::use_cases::{Caller, Prepared, Request};
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::path::Path;
use contacts_domain::upsert::{Context, Endpoints, Item, ItemKeys, Recognizer};
use contacts_domain::{Rule, Violation};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::lines::{Chunk, Line, Lines, MAX_LINE};
use super::still_sending::StillSending;
use crate::limits::{Room, allowance};
use crate::problem::Problem;
use crate::request::authorized::Credentials;
use crate::request::upload::Stream;
use crate::state::AppState;
use crate::telemetry::steps::{Step, measured, timed};
use crate::v1::batch::item_options::{ItemOptions, WIRE};
use crate::v1::batch::options::BatchOptions;

/// The API in the metrics.
pub(super) const API: &str = "native";

/// Reads the lines of a stream.
pub(super) struct Gathering {
    pub(super) body: Stream,
    pub(super) sending: StillSending,
    pub(super) credentials: Credentials,
    pub(super) caller: Caller,
    pub(super) options: BatchOptions,
    pub(super) room: Room,
    pub(super) state: AppState,
}

/// A chunk that is ready to be stored.
pub(super) struct ReadyChunk {
    pub(super) batch: Prepared,
    /// The number of the line of each item.
    pub(super) lines: Vec<u64>,
    /// The caller's own name for each item.
    pub(super) references: Vec<Option<String>>,
    /// The number of the last line.
    pub(super) end: u64,
    /// What the chunk holds.
    pub(super) room: Room,
}

/// One line, and what the member `$` of its item says.
struct SentLine {
    line: Line,
    options: Option<Box<ItemOptions>>,
}

impl Gathering {
    /// Reads the body to its end, or until nobody takes chunks any more. Returns what is left of the
    /// body.
    pub(super) async fn run(
        mut self,
        chunks: mpsc::Sender<ReadyChunk>,
    ) -> (Stream, Result<(), Problem>) {
        self.sending.set(true);
        let mut lines = Lines::default();
        let read = self.read(&mut lines, &chunks).await;
        self.sending.set(false);
        let gathered = match read {
            Ok(Read::All) => {
                lines.end();
                self.send(&mut lines, &chunks).await.map(drop)
            }
            Ok(Read::Unwanted) => Ok(()),
            Err(Broken::Body(problem)) => {
                // The lines that are whole were sent; the last one may not be.
                self.send(&mut lines, &chunks).await.and(Err(problem))
            }
            Err(Broken::Chunk(problem)) => Err(problem),
        };
        (self.body, gathered)
    }

    async fn read(
        &mut self,
        lines: &mut Lines,
        chunks: &mpsc::Sender<ReadyChunk>,
    ) -> Result<Read, Broken> {
        let settings = Arc::clone(&self.state.settings);
        let mut deadline = Instant::now() + settings.max_body_pause;
        loop {
            let bytes = tokio::select! {
                biased;
                bytes = self.body.next(&settings, deadline) => bytes.map_err(Broken::Body)?,
                place = chunks.reserve(), if lines.has_lines() => {
                    let Ok(place) = place else { return Ok(Read::Unwanted) };
                    place.send(self.prepare(lines.split()).await.map_err(Broken::Chunk)?);
                    deadline = Instant::now() + settings.max_body_pause;
                    continue;
                }
            };
            let Some(mut bytes) = bytes else { return Ok(Read::All) };
            while !bytes.is_empty() {
                lines.take_from(&mut bytes);
                if lines.is_full() && !self.send(lines, chunks).await.map_err(Broken::Chunk)? {
                    return Ok(Read::Unwanted);
                }
            }
            deadline = Instant::now() + settings.max_body_pause;
        }
    }

    /// Sends the complete lines, when there is a place. Returns whether somebody takes them.
    async fn send(
        &mut self,
        lines: &mut Lines,
        chunks: &mpsc::Sender<ReadyChunk>,
    ) -> Result<bool, Problem> {
        if !lines.has_lines() {
            return Ok(true);
        }
        let Ok(place) = chunks.reserve().await else { return Ok(false) };
        place.send(self.prepare(lines.split()).await?);
        Ok(true)
    }

    /// Reads the items of a chunk.
    async fn prepare(&mut self, chunk: Chunk) -> Result<ReadyChunk, Problem> {
        self.room.pace(chunk.lines.len()).await;
        // The token may have been revoked, or the organization have other settings.
        self.caller = self.credentials.check_again(&self.state).await?;
        let Chunk { text, lines, weight, end } = chunk;
        let room = self.room.part();
        room.take(weight + allowance(text.len(), lines.len())).await?;
        let numbers = lines.iter().map(|line| line.number).collect();
        let scopes = self.caller.scopes;
        let items: Vec<SentLine> = lines
            .into_iter()
            .map(|line| {
                let item = item_of(&text, &line).ok();
                let options = item.and_then(|item| ItemOptions::find(item, scopes));
                SentLine { line, options }
            })
            .collect();
        let references =
            items.iter().map(|item| item.options.as_ref()?.reference.clone()).collect();
        let documents_at_most = allowance(text.len(), items.len());
        let request = Request {
            source: self.options.source.clone(),
            options: self.options.with_documents(scopes, &self.state.settings),
            handling: self.options.handling,
            endpoints: Endpoints::Shown,
            bytes: text.len(),
            documents_at_most,
            expected: Vec::new(),
            keeping: None,
        };
        let text = Arc::new(text);
        let (scanned, held) = (Arc::clone(&text), room.clone());
        let scan = move |sent: &SentLine, recognizer: &Recognizer| {
            let item = item_of(&scanned, &sent.line).ok().filter(|_| sent.options.is_none())?;
            recognizer.fingerprint(item, ItemKeys::scan(item)?)
        };
        let read = move |sent: &SentLine, context: &Context| {
            held.during(|| match (item_of(&text, &sent.line), &sent.options) {
                (Ok(item), Some(options)) => options.apply(item, context),
                (Ok(item), None) => Item::read_linked(item, context),
                (Err(violation), _) => {
                    Item::of(ContactDocument::default(), context).refused(*violation)
                }
            })
        };
        let upsert = &self.state.services.upsert_contacts;
        let preparing = upsert.prepare(&self.caller, request, WIRE, items, scan, read);
        let (batch, work) = measured(timed(Step::Read, preparing)).await;
        self.state.metrics.count_work(API, &work);
        Ok(ReadyChunk { batch: batch?, lines: numbers, references, end, room })
    }
}

/// How the reading of a body ended.
enum Read {
    /// At its end.
    All,
    /// Nobody takes chunks any more.
    Unwanted,
}

/// Why a body is not read to its end.
enum Broken {
    /// Nothing more can be read.
    Body(Problem),
    /// A chunk cannot be stored.
    Chunk(Problem),
}

/// The text of an item, or why it has none.
fn item_of<'t>(text: &'t [u8], line: &Line) -> Result<&'t str, Box<Violation>> {
    let refused = |rule, message| Box::new(Violation::new(rule, Path::root(), "", message));
    let Some(range) = &line.range else {
        let message = format!("a line has at most {MAX_LINE} bytes, and few small parts");
        return Err(refused(Rule::Limits, message));
    };
    let bytes = text.get(range.clone()).unwrap_or_default();
    str::from_utf8(bytes).map_err(|error| {
        let message = format!("the line is not UTF-8 after {} bytes", error.valid_up_to());
        refused(Rule::Readable, message)
    })
}
