//! `GET /readyz`: whether the server can write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use contacts_application::ports::{StoreError, StoreState};
use tokio::sync::Mutex;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::ReadinessProblems;
use crate::problem::Problem;
use crate::state::AppState;

pub(crate) const PATH: &str = "/readyz";

/// How long an answer of the store holds. Anybody may ask, and the store is asked once a second.
const MAX_AGE: Duration = Duration::from_secs(1);

/// How long the store may take.
const MAX_WAIT: Duration = Duration::from_secs(5);

type Found = Result<(), Arc<StoreError>>;

/// Whether the store can write, as it was found a moment ago.
pub(crate) struct Readiness {
    store: Arc<dyn StoreState>,
    last: Mutex<Option<(Instant, Found)>>,
}

impl Readiness {
    pub(crate) fn new(store: Arc<dyn StoreState>) -> Self {
        Self { store, last: Mutex::default() }
    }

    pub(crate) async fn check(&self) -> Found {
        let mut last = self.last.lock().await;
        if let Some((at, found)) = last.as_ref()
            && at.elapsed() < MAX_AGE
        {
            return found.clone();
        }
        let late = |_| Err(StoreError::contention("the store takes too long to write"));
        let checked = timeout(MAX_WAIT, self.store.check_writable()).await;
        let found = checked.unwrap_or_else(late).map_err(Arc::new);
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(is_ready))
}

/// Can the server write?
///
/// Goes the way of a write, at most once a second. 503 while writes would be: the database is away,
/// read-only or full, or its file was replaced. The log says why. It needs no token.
#[utoipa::path(
    get,
    path = PATH,
    tag = "operation",
    security(()),
    responses(
        (status = OK, description = "The server can write.", body = str, example = "ok"),
        ReadinessProblems,
    )
)]
async fn is_ready(State(readiness): State<Arc<Readiness>>) -> Result<&'static str, Problem> {
    match readiness.check().await {
        Ok(()) => Ok("ok"),
        Err(error) => Err(Problem::unavailable(Some(error.into()))),
    }
}
