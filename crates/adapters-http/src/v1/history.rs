//! `GET /v1/contacts/{id}/history`: what became of a contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::ledger::{PageSize, PastChange};
use contacts_domain::Version;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change_body::ChangeBody;
use super::parameters::Parameters;
use super::runs::RunBody;
use crate::openapi::{CallHeaders, ContactProblems, examples};
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Read};
use crate::request::contact_id::ContactIdPath;
use crate::state::{AppState, Services};
use crate::telemetry::steps::{Step, timed};

/// How many versions a page has without `limit`.
const DEFAULT_LIMIT: u32 = 50;

/// The most bytes of differences that are read for a page.
const PAGE_BYTES: usize = 4 << 20;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_history))
}

/// The parameters of a history.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
struct HistoryParams {
    /// The versions before this one; without it, the last ones.
    #[param(minimum = 1)]
    before: Option<i64>,
    /// The most versions of a page; 50 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Versions of a contact.
#[derive(Serialize, ToSchema)]
struct HistoryBody<'a> {
    /// The last one first.
    items: Vec<VersionBody<'a>>,
    /// Whether the ledger has earlier ones; `before` the last of these leads to them.
    more: bool,
}

/// A version of a contact, and how it came about.
#[derive(Serialize, ToSchema)]
struct VersionBody<'a> {
    /// The version.
    version: i64,
    /// `created`, `updated`, `deleted`, `merged` or `restored`.
    change: &'static str,
    /// The request.
    run: RunBody,
    /// The fields that changed; those of salary data only with the scope `staff`.
    fields: Vec<ChangeBody<'a>>,
}

/// The history of a contact
///
/// Its versions, also of a contact that is deleted, each with the request that made it and the
/// fields before and after. An item sent several times in one request is one entry. Versions from
/// before the ledger, and those that it no longer keeps, are left out.
#[utoipa::path(
    get,
    path = "/v1/contacts/{id}/history",
    tag = "native",
    operation_id = "showHistory",
    params(CallHeaders, ContactIdPath, HistoryParams),
    responses(
        (
            status = OK,
            description = "The versions.",
            body = HistoryBody<'_>,
            example = json!({
                "items": [{
                    "version": 2,
                    "change": "updated",
                    "run": examples::run(),
                    "fields": [{"pointer": "/lastName", "from": "Rochat", "to": "Favre"}],
                }],
                "more": false,
            }),
        ),
        ContactProblems,
    ),
)]
async fn show_history(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    ContactIdPath(id): ContactIdPath,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let before = parameters.whole("before", 1..=i64::MAX)?.map(Version::new);
    let limit = parameters.whole("limit", 1..=1_000)?;
    parameters.end()?;
    let items = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let size = PageSize { items, bytes: PAGE_BYTES };
    let history = services.read_ledger.history(&caller, id, before, size);
    let history = timed(Step::Store, history).await?;
    let unknown = || Problem::new(Kind::UnknownContact, "there is no such contact");
    let (changes, more) = history.ok_or_else(unknown)?;
    let redaction = Redaction::of(caller.scopes);
    let items = changes.iter().map(|change| version_body(change, redaction));
    let body = HistoryBody { items: items.collect(), more };
    Ok(json(serde_json::to_string(&body).map_err(Problem::internal)?))
}

fn version_body(past: &PastChange, redaction: Redaction) -> VersionBody<'_> {
    let shown = past.differences.iter().filter(|difference| redaction.shows(&difference.path));
    VersionBody {
        version: past.change.version.get(),
        change: past.change.kind.as_str(),
        run: RunBody::from(&past.run),
        fields: shown.map(ChangeBody::of).collect(),
    }
}
