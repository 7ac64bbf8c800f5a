//! Creates or updates a batch of contacts.

use std::sync::Arc;

use contacts_domain::upsert::{Batch, Context, Endpoints, Handling, Item, Options, Outcome};

use super::preparation::prepare;
use super::{Caller, UseCaseError};
use crate::access::Scope;
use crate::ports::{Clock, ContactStore};

/// The options of a batch.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// How items are matched and merged.
    pub options: Options,
    /// Whether warnings refuse an item.
    pub handling: Handling,
    /// Whether the API shows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
    /// The length of the items as text, in bytes: long ones are read away from the threads that
    /// serve requests.
    pub bytes: usize,
}

/// Creates or updates a batch of contacts.
pub struct UpsertContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl UpsertContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Applies the items, each read from its raw form by `read`, and answers each in order: the
    /// same as [`prepare`](Self::prepare) and [`apply`](Self::apply).
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
        let batch = self.prepare(caller, request, raw, read).await?;
        self.apply(Arc::new(batch)).await
    }

    /// The batch of the items, each read from its raw form by `read`.
    ///
    /// # Errors
    ///
    /// If the caller may not write, the organization cannot be matched by the ladder, or `read`
    /// panics.
    pub async fn prepare<R, F>(
        &self,
        caller: &Caller,
        request: Request,
        raw: Vec<R>,
        read: F,
    ) -> Result<Batch, UseCaseError>
    where
        R: Send + Sync + 'static,
        F: Fn(&R, &Context) -> Item + Send + Sync + 'static,
    {
        caller.require(Scope::Write)?;
        caller.organization.check_ladder(&request.options.ladder)?;
        let context = Context {
            endpoints: request.endpoints,
            handling: request.handling,
            ..caller.context(self.clock.now())
        };
        Ok(prepare(context, request.options, raw, request.bytes, read).await?)
    }

    /// Applies a batch, and answers each item in order.
    ///
    /// # Errors
    ///
    /// If the documents that it loads or answers are too large, or the store fails; nothing is
    /// stored then.
    pub async fn apply(&self, batch: Arc<Batch>) -> Result<Vec<Outcome>, UseCaseError> {
        Ok(self.store.upsert(batch).await??)
    }
}
