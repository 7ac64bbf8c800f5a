//! Creates or updates a batch of contacts.

use std::sync::Arc;

use contacts_domain::upsert::{Context, Endpoints, Handling, Item, Options, Outcome};

use super::preparation::prepare;
use super::{Caller, UseCaseError};
use crate::access::Scope;
use crate::ports::{Clock, ContactStore};

/// The request of an API.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// How items are matched and merged.
    pub options: Options,
    /// Whether warnings refuse an item.
    pub handling: Handling,
    /// Whether the API knows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
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

    /// Applies the items, each read from its raw form by `read`, and answers each in order.
    ///
    /// # Errors
    ///
    /// When the caller may not write, `read` panics, or the store fails; then nothing is stored.
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
        caller.require(Scope::Write)?;
        let context = Context {
            organization: caller.organization.id,
            region: caller.organization.region,
            now: self.clock.now(),
            may_write_staff: caller.scopes.include(Scope::Staff),
            endpoints: request.endpoints,
            handling: request.handling,
        };
        let batch = prepare(context, request.options, raw, read).await?;
        Ok(self.store.upsert(Arc::new(batch)).await?)
    }
}
