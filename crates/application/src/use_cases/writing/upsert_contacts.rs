//! Creates or updates a batch of contacts.

use std::sync::Arc;

use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded, MAX_LOADED_BYTES};
use contacts_domain::upsert::{
    Batch, BatchReport, Context, Endpoints, Expectation, Fingerprint, Handling, Item, NotApplied,
    Options, Outcome, Recognizer,
};

use super::preparation::prepare;
use super::recognition::{Preparation, ReadAll, Recognized};
use crate::access::Scope;
use crate::compute::compute;
use crate::ports::{Clock, ContactStore, StoreError};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// The options of a batch.
#[derive(Debug, Clone)]
pub struct Request {
    /// How items are matched and merged.
    pub options: Options,
    /// Whether warnings refuse an item.
    pub handling: Handling,
    /// Whether the API shows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
    /// Where the items come from, as the caller calls it; the ledger keeps it.
    pub source: Option<String>,
    /// The length of the items as text, in bytes: long ones are read away from the threads that
    /// serve requests.
    pub bytes: usize,
    /// The most bytes of documents that the batch loads, and of those that it answers.
    pub documents_at_most: usize,
    /// What is [expected](Batch::expecting) of each item; empty if nothing is.
    pub expected: Vec<Option<Expectation>>,
    /// How the answer is kept, if the request has an idempotency key.
    pub keeping: Option<Keeping<BatchReport>>,
}

impl Default for Request {
    /// The defaults of each, and [`MAX_LOADED_BYTES`].
    fn default() -> Self {
        Self {
            options: Options::default(),
            handling: Handling::default(),
            endpoints: Endpoints::default(),
            source: None,
            bytes: 0,
            documents_at_most: MAX_LOADED_BYTES,
            expected: Vec::new(),
            keeping: None,
        }
    }
}

/// Creates or updates a batch of contacts.
pub struct UpsertContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

/// A batch that is ready to be applied.
pub struct Prepared {
    batch: Arc<Batch>,
    documents_at_most: usize,
    /// What the batch would load, if the store has recognized all of its items.
    loaded: Option<Loaded>,
    /// Reads all items, if the store has recognized some.
    read_all: Option<Arc<dyn ReadAll>>,
    expected: Vec<Option<Expectation>>,
    keeping: Option<Keeping<BatchReport>>,
}

impl UpsertContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Applies the items, each read from its raw form by `read`, and answers each in order.
    ///
    /// # Errors
    ///
    /// If the caller may not write, the organization cannot be matched by the ladder, `read` panics,
    /// the documents of the answer are too large, or the store fails; nothing is stored then.
    pub async fn execute<R, F>(
        &self,
        caller: &Caller,
        request: Request,
        raw: Vec<R>,
        read: F,
    ) -> Result<Vec<Outcome>, UseCaseError>
    where
        R: Send + Sync + 'static,
        F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
    {
        let (context, options) = (self.context(caller, &request)?, request.options);
        let batch = prepare(context, options, raw, request.bytes, read).await?;
        let Request { documents_at_most, expected, keeping, .. } = request;
        let batch = batch.holding_at_most(documents_at_most).expecting(expected.clone());
        let (batch, loaded, read_all) = (Arc::new(batch), None, None);
        let mut prepared =
            Prepared { batch, documents_at_most, loaded, read_all, expected, keeping };
        self.apply(&mut prepared).await
    }

    /// The batch of the items. Those that the store recognizes by what `scan` finds, because they are
    /// sent again byte for byte, are not read; each other one is read from its raw form by `read`.
    ///
    /// `wire` names the format of the items: the same bytes in another one are another item.
    ///
    /// # Errors
    ///
    /// If the caller may not write, the organization cannot be matched by the ladder, a function
    /// panics, or the store fails.
    pub async fn prepare<R, S, F>(
        &self,
        caller: &Caller,
        request: Request,
        wire: &'static str,
        raw: Vec<R>,
        scan: S,
        read: F,
    ) -> Result<Prepared, UseCaseError>
    where
        R: Send + Sync + 'static,
        S: Fn(&R, &Recognizer) -> Option<Fingerprint> + Send + Sync + 'static,
        F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
    {
        let context = self.context(caller, &request)?;
        let Request { options, bytes, documents_at_most, expected, keeping, .. } = request;
        let recognizer = Recognizer::new(wire, &context, &options);
        let raw = raw.into();
        let preparation = Arc::new(Preparation {
            context,
            options,
            recognizer,
            raw,
            bytes,
            documents_at_most,
            scan,
            read,
        });
        let Recognized { batch, known, loaded } = preparation.recognize(&*self.store).await?;
        let read_all: Option<Arc<dyn ReadAll>> = match known {
            0 => None,
            _ => Some(preparation),
        };
        let batch = batch.holding_at_most(documents_at_most).expecting(expected.clone());
        let batch = Arc::new(batch);
        Ok(Prepared { batch, documents_at_most, loaded, read_all, expected, keeping })
    }

    /// Applies a batch, and answers each item in order.
    ///
    /// # Errors
    ///
    /// If the documents that it loads or answers are too large, or the store fails; nothing is
    /// stored then, and it can be applied again.
    pub async fn apply(&self, prepared: &mut Prepared) -> Result<Vec<Outcome>, UseCaseError> {
        loop {
            let batch = Arc::clone(&prepared.batch);
            let report = match prepared.loaded.take() {
                Some(loaded) => decide(batch, loaded).await?,
                None => answer_once::upsert(&*self.store, batch, prepared.keeping.as_ref()).await?,
            };
            match (report, prepared.read_all.take()) {
                (Err(NotApplied::Overtaken), Some(read_all)) => {
                    let batch = read_all.read_all().await?;
                    let batch = batch.holding_at_most(prepared.documents_at_most);
                    prepared.batch = Arc::new(batch.expecting(prepared.expected.clone()));
                }
                (report, read_all) => {
                    prepared.read_all = read_all;
                    return Ok(report?);
                }
            }
        }
    }

    fn context(&self, caller: &Caller, request: &Request) -> Result<Context, UseCaseError> {
        caller.require(Scope::Write)?;
        caller.organization.check_ladder(&request.options.ladder)?;
        let mut context = caller.context(self.clock.now());
        context.origin.source.clone_from(&request.source);
        Ok(Context { endpoints: request.endpoints, handling: request.handling, ..context })
    }
}

impl Prepared {
    /// Whether nothing is stored.
    pub fn is_dry_run(&self) -> bool {
        self.batch.is_dry_run()
    }

    /// The most bytes of documents that it loads, and of those that it answers.
    pub fn documents_at_most(&self) -> usize {
        self.documents_at_most
    }

    /// Replaces that limit.
    pub fn hold_at_most(&mut self, bytes: usize) {
        self.documents_at_most = bytes;
        let batch = Batch::clone(&self.batch);
        self.batch = Arc::new(batch.holding_at_most(bytes));
    }
}

/// Decides about a batch that changes nothing, on contacts that were loaded before.
async fn decide(batch: Arc<Batch>, loaded: Loaded) -> Result<BatchReport, UseCaseError> {
    let decided = compute(move || batch.decide(loaded, &mut IdBlock::new(1, 0))).await?;
    let (_, report) = decided.map_err(StoreError::internal)?;
    Ok(report)
}
