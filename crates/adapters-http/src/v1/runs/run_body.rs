//! A run as the API shows it.

use contacts_domain::RunId;
use contacts_domain::ledger::{Run, RunCounts};
use serde::Serialize;
use utoipa::ToSchema;

/// A request that changed contacts.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunBody {
    /// The id.
    id: i64,
    /// The API of the request: `erp`, `device` or `v1`.
    api: &'static str,
    /// The name of the token.
    token: String,
    /// Where the data came from, as the caller called it.
    source: Option<String>,
    /// When the request arrived.
    at: String,
    /// How many contacts it changed.
    counts: CountsBody,
    /// The run that it took back, if it was an undo.
    undoes: Option<i64>,
}

/// How many contacts a run changed.
#[derive(Serialize, ToSchema)]
struct CountsBody {
    /// Created.
    created: i64,
    /// Changed.
    updated: i64,
    /// Deleted.
    deleted: i64,
    /// Merged into another one, and so deleted.
    merged: i64,
    /// Deleted before, and living again.
    restored: i64,
}

impl From<&Run> for RunBody {
    fn from(run: &Run) -> Self {
        let Run { id, organization: _, origin, at, counts, undoes } = run;
        let RunCounts { created, updated, deleted, merged, restored } = *counts;
        Self {
            id: id.get(),
            api: origin.api.as_str(),
            token: origin.token.clone(),
            source: origin.source.clone(),
            at: at.to_string(),
            counts: CountsBody { created, updated, deleted, merged, restored },
            undoes: undoes.map(RunId::get),
        }
    }
}
