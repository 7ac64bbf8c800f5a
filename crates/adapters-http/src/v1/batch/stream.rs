//! Items one a line, NDJSON: any number of them, answered while they arrive.
//!
//! Two loops work beside each other. One gathers lines and reads their items, the other stores them
//! and writes results. A chunk is as large as what arrives while the store is busy with the one
//! before, up to a limit. Then nothing more is read until the store is free; what the client does not
//! read of the answer never stops the loops, it waits in the [`Spool`].

mod gathering;
mod lines;
mod spool;
mod still_sending;
mod storing;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_application::use_cases::Caller;
use tokio::sync::mpsc;
use tracing::{Instrument as _, Span};

pub use self::still_sending::StillSending;

use self::gathering::Gathering;
use self::spool::{NotWritten, Spool};
use self::storing::Storing;
use super::options::{BatchOptions, Results};
use super::reply::SummaryBody;
use super::result::ResultWriter;
use crate::limits::Room;
use crate::problem::Problem;
use crate::problem::format::ProblemFormat;
use crate::reply::ndjson;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Credentials, layered};
use crate::request::content_coding::ContentCoding;
use crate::request::upload::Upload;
use crate::state::AppState;
use crate::telemetry::RequestId;

/// Tells nginx to pass the answer on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Begins to take the items of a request. The answer comes while they arrive; its last line, the
/// summary, says that all of them were taken.
pub(super) async fn take(
    state: AppState,
    caller: Caller,
    options: BatchOptions,
    parts: &Parts,
) -> Result<Response, Problem> {
    let coding = ContentCoding::of(&parts.headers)?;
    let (room, id): (Room, RequestId) = (layered(parts)?, layered(parts)?);
    let credentials: Credentials = layered(parts)?;
    room.stream()?;
    let (spool, body) = Spool::new(room.clone());
    let storing = Storing {
        state: state.clone(),
        spool,
        writer: ResultWriter { redaction: Redaction::of(caller.scopes) },
        results: options.results.unwrap_or(Results::Problems),
        counts: SummaryBody::default(),
        answered: 0,
    };
    let body_of_request = layered::<Upload>(parts)?.take(coding).await;
    let sending = parts.extensions.get::<StillSending>().cloned().unwrap_or_default();
    let gathering =
        Gathering { body: body_of_request, sending, credentials, caller, options, room, state };
    tokio::spawn(run(gathering, storing, id).instrument(Span::current()));
    let mut response = ndjson(body);
    response.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// Takes all items and ends the answer.
async fn run(gathering: Gathering, mut storing: Storing, RequestId(id): RequestId) {
    let state = gathering.state.clone();
    // One chunk waits while another is stored.
    let (chunks, arriving) = mpsc::channel(1);
    let ((rest, gathered), stored) = tokio::join!(gathering.run(chunks), storing.run(arriving));
    let problem = match (stored, gathered) {
        (Err(NotWritten::Unread), _) => return storing.log(),
        (Err(NotWritten::Failed(problem)), _) | (Ok(()), Err(problem)) => problem,
        (Ok(()), Ok(())) => {
            storing.log();
            return storing.finish();
        }
    };
    problem.log();
    state.readiness.note(&problem);
    storing.log();
    storing.fail(&ProblemFormat::ProblemDetails.body(&problem, &id));
    // A client that sends everything before it reads anything has to get there.
    rest.discard_rest(&state.settings).await;
    storing.spool.end(false);
}
