//! Deciding a batch whose body was read.

use std::sync::Arc;

use contacts_application::use_cases::{Caller, Keeping, Request};
use contacts_domain::RunId;
use contacts_domain::upsert::{
    BatchReport, Context, Endpoints, Expectation, Item, ItemKeys, Outcome, Recognizer,
};

use super::body::{BatchBody, SentItem};
use super::item_options::WIRE;
use super::options::BatchOptions;
use super::result::Answered;
use crate::applying::apply;
use crate::limits::{Room, Unit, allowance};
use crate::problem::Problem;
use crate::request::media_type::NDJSON;
use crate::request::offload::{LONG, offload};
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};

/// What a batch is decided with.
pub(crate) struct Deciding<'r> {
    pub(crate) state: &'r AppState,
    pub(crate) caller: &'r Caller,
    pub(crate) room: &'r Room,
}

/// What the answer calls each item.
#[derive(Clone)]
pub(crate) struct Names(Arc<[(Option<u64>, Option<String>)]>);

impl BatchBody {
    /// The lines and the callers' own names of the items.
    pub(crate) fn names(&self) -> Names {
        let name = |item: &SentItem| {
            (item.line, item.options.as_ref().and_then(|options| options.reference.clone()))
        };
        Names(self.items.iter().map(name).collect())
    }
}

impl Names {
    /// The items with their outcomes.
    pub(crate) fn answered(
        &self,
        outcomes: Vec<Outcome>,
    ) -> impl Iterator<Item = Answered> + use<> {
        let names = Arc::clone(&self.0);
        outcomes.into_iter().enumerate().map(move |(index, outcome)| {
            let (line, reference) = names.get(index).cloned().unwrap_or_default();
            Answered { index, line, reference, outcome }
        })
    }
}

/// The run of a batch, if it changed something.
pub(crate) fn run_of(outcomes: &[Outcome]) -> Option<RunId> {
    outcomes.iter().find_map(|outcome| outcome.contact.as_ref()?.run)
}

impl Deciding<'_> {
    /// Finds the items of a body of that media type.
    pub(crate) async fn find(&self, media_type: &str, body: Vec<u8>) -> Result<BatchBody, Problem> {
        let (is_long, max_items) = (body.len() > LONG, self.state.settings.max_items);
        let (held, scopes) = (self.room.clone(), self.caller.scopes);
        let is_lines = media_type == NDJSON;
        let finding = move || {
            held.during(|| match is_lines {
                true => BatchBody::lines(body, max_items, scopes),
                false => BatchBody::find(body, max_items, scopes),
            })
        };
        offload(is_long, finding).await?
    }

    /// Decides the items, in the room that they take, and stores them unless it is a dry run. Those
    /// that do not do what is expected of them are stale.
    pub(crate) async fn decide(
        &self,
        body: BatchBody,
        options: BatchOptions,
        expected: Vec<Option<Expectation>>,
        keeping: Option<Keeping<BatchReport>>,
    ) -> Result<Vec<Outcome>, Problem> {
        let Self { state, caller, room } = self;
        let BatchBody { text, items, weight, .. } = body;
        room.count(Unit::Items, items.len())?;
        room.take(weight).await?;
        let bytes = text.len();
        let request = Request {
            options: options.with_documents(caller.scopes, &state.settings),
            handling: options.handling,
            endpoints: Endpoints::Shown,
            source: options.source,
            bytes,
            documents_at_most: allowance(bytes, items.len()),
            expected,
            keeping,
        };
        let upsert = &state.services.upsert_contacts;
        let (held, text) = ((*room).clone(), Arc::new(text));
        let scanned = Arc::clone(&text);
        let scan = move |item: &SentItem, recognizer: &Recognizer| {
            let text = scanned.get(item.range.clone()).filter(|_| item.options.is_none())?;
            recognizer.fingerprint(text, ItemKeys::scan(text)?)
        };
        let read = move |item: &SentItem, context: &Context| {
            let text = text.get(item.range.clone()).unwrap_or_default();
            held.during(|| match &item.options {
                Some(options) => options.apply(text, context),
                None => Item::read_linked(text, context),
            })
        };
        let preparing = upsert.prepare(caller, request, WIRE, items, scan, read);
        let batch = timed(Step::Read, preparing).await?;
        apply(upsert, batch, room).await
    }
}
