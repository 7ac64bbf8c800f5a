//! `GET /v1/contacts/export`: all contacts that a filter selects.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use contacts_application::contact_list::{ContactExport, ContactPage};
use contacts_application::use_cases::UseCaseError;
use contacts_domain::contact::Record;
use futures_util::stream;

use super::filter::{FilterParams, filter};
use super::search::{Search, SearchParams};
use crate::limits::{Part, Room};
use crate::openapi::{CallHeaders, ListProblems, StoredContactSchema, examples};
use crate::problem::Problem;
use crate::reply::redaction::Redaction;
use crate::reply::{json, ndjson};
use crate::request::authorized::{Authorized, Credentials, Read};
use crate::request::media_type::{JSON, NDJSON};
use crate::request::offload::offload;
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};
use crate::v1::accept::{accepts, require};
use crate::v1::changes::feed_token;
use crate::v1::contact_body::write;
use crate::v1::parameters::Parameters;

/// The token from which on the change feed continues the export.
const CONTACT_HUB_FEED_TOKEN: HeaderName = HeaderName::from_static("contact-hub-feed-token");

/// Export contacts
///
/// All living contacts, or what else the filter selects, by id and as of one moment: one a line, or as an
/// array for a client that accepts `application/json` and no `application/x-ndjson`. The header
/// `Contact-Hub-Feed-Token` is the token from which on the change feed tells what has changed since. An
/// export that fails on the way, or whose token is revoked or expires, breaks off without its last chunk;
/// one whose reader takes nothing for 30 seconds, or needs more than 15 minutes, breaks off too.
#[utoipa::path(
    get,
    path = "/v1/contacts/export",
    tag = "native",
    operation_id = "exportContacts",
    params(CallHeaders, SearchParams, FilterParams),
    responses(
        (
            status = OK,
            description = "The contacts.",
            content(
                (String = "application/x-ndjson", example = json!(examples::EXPORTED)),
                (Vec<StoredContactSchema> = "application/json", example = json!([examples::stored_contact()])),
            ),
            headers(
                ("Contact-Hub-Feed-Token" = String, description = "The `since` from which on the change feed continues the export."),
                ("Contact-Hub-Search-Lag" = u64, description = "With `q`: the age in seconds of the oldest change that the search does not know; 0 if it knows all."),
            ),
        ),
        ListProblems,
    ),
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Read>,
    Extension(credentials): Extension<Credentials>,
    Extension(room): Extension<Room>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    require(&headers, &[NDJSON, JSON])?;
    let search = Search::read(&mut parameters, &caller)?;
    let mut filter = filter(&mut parameters, &caller.organization)?;
    filter.query.clone_from(&search.query);
    parameters.end()?;
    let lag = search.ready(&state, &caller, &credentials, &room).await?;
    let place = room.export()?;
    let exporting = state.services.export_contacts.execute(&caller, &filter);
    let (bookmark, export) = timed(Step::Store, exporting).await?;
    let format = if accepts(&headers, NDJSON) { Format::Lines } else { Format::Array };
    let redaction = Redaction::of(caller.scopes);
    let exporting =
        Exporting { export, format, redaction, is_first: true, credentials, state, _place: place };
    let parts = stream::unfold(Some(exporting), async |exporting| {
        let mut exporting = exporting?;
        match exporting.next().await {
            Ok((part, is_last)) => Some((Ok(part), (!is_last).then_some(exporting))),
            Err(problem) => {
                problem.log();
                Some((Err("the export failed"), None))
            }
        }
    });
    let body = Body::from_stream(parts);
    let mut response = match format {
        Format::Lines => ndjson(body),
        Format::Array => json(body),
    };
    let token = feed_token::write(caller.organization.id, bookmark);
    let token = HeaderValue::try_from(token).map_err(Problem::internal)?;
    response.headers_mut().insert(CONTACT_HUB_FEED_TOKEN, token);
    if let Some(lag) = lag {
        lag.show(&mut response);
    }
    Ok(response)
}

#[derive(Clone, Copy)]
enum Format {
    Lines,
    Array,
}

/// An export on its way.
struct Exporting {
    export: ContactExport,
    format: Format,
    redaction: Redaction,
    is_first: bool,
    credentials: Credentials,
    state: AppState,
    _place: Part,
}

impl Exporting {
    /// The next bytes, and whether they are the last ones. Refuses a token that is not valid any more.
    async fn next(&mut self) -> Result<(Bytes, bool), Problem> {
        let Some(page) = self.export.pages.recv().await else {
            return Err(Problem::unavailable(Some("the export broke off".into())));
        };
        let ContactPage { contacts, next, .. } =
            page.map_err(|error| Problem::from(UseCaseError::from(error)))?;
        match self.credentials.check_again(&self.state).await {
            // It cannot be looked up now, and is asked for again with the next page.
            Err(problem) if problem.is_unavailable() => {}
            checked => drop(checked?),
        }
        let (format, redaction, is_first) = (self.format, self.redaction, self.is_first);
        self.is_first = false;
        let is_last = next.is_none();
        let write = move || written(&contacts, format, redaction, [is_first, is_last]);
        Ok((offload(true, write).await??.into(), is_last))
    }
}

/// A page as bytes. A page that another follows is not empty.
fn written(
    records: &[Record],
    format: Format,
    redaction: Redaction,
    [is_first, is_last]: [bool; 2],
) -> Result<Vec<u8>, Problem> {
    let length: usize = records.iter().map(|record| record.document.len() + 256).sum();
    let mut bytes = Vec::with_capacity(length);
    let (begin, between, end): (&[u8], &[u8], &[u8]) = match format {
        Format::Lines => (b"", b"\n", b"\n"),
        Format::Array => (b"[", b",", b"]"),
    };
    bytes.extend(if is_first { begin } else { between });
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            bytes.extend(between);
        }
        write(record, redaction, &mut bytes).map_err(Problem::internal)?;
    }
    if is_last && !(records.is_empty() && matches!(format, Format::Lines)) {
        bytes.extend(end);
    }
    Ok(bytes)
}
