//! Requests with the header `Idempotency-Key`: each is done once, and its answer is given again.
//!
//! A handler takes [`Once`] after the body, and gives the use case [how its answer is
//! kept](Once::keeping) with what it writes. The answer to a request that writes nothing, such as a dry
//! run, is kept when it is [sent](Once::send) item by item, or else by the layer [`keep`].

mod kept;
mod key;
mod once;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contacts_application::use_cases::FirstRequest;

use self::kept::Keeper;
use self::once::{Slot, keep_alone, named};
use crate::problem::Problem;
use crate::problem::format::ProblemFormat;
use crate::settings::Settings;
use crate::telemetry::RequestId;

pub(crate) use kept::named_in;
pub(crate) use key::IDEMPOTENCY_KEY;
pub(crate) use once::{BodyDigest, Once};

/// What the layer needs.
#[derive(Clone)]
pub(crate) struct Keeps {
    pub(crate) format: ProblemFormat,
    pub(crate) settings: Arc<Settings>,
}

/// Keeps the answer of a request that has written nothing, if it is one that is kept.
pub(crate) async fn keep(
    State(Keeps { format, settings }): State<Keeps>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return next.run(request).await;
    }
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.as_ref().map_or("", |RequestId(id)| id);
    let named = named(request.extensions(), request.uri());
    let keeper = Keeper { limit: settings.max_kept_answer_bytes, named };
    let response = next.run(request).await;
    match slot.get() {
        Some(first) if !first.is_kept() => {
            let kept = keep_answer(first, response, &keeper, format, id).await;
            kept.unwrap_or_else(Problem::into_response)
        }
        _ => response,
    }
}

async fn keep_answer(
    first: &FirstRequest,
    response: Response,
    keeper: &Keeper,
    format: ProblemFormat,
    id: &str,
) -> Result<Response, Problem> {
    let problem = response.extensions().get::<Arc<Problem>>().cloned();
    let (response, answer) = match &problem {
        None => {
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.map_err(Problem::internal)?;
            let response = Response::from_parts(parts.clone(), Body::from(body.clone()));
            (response, keeper.write(&mut Response::from_parts(parts, body))?)
        }
        Some(problem) if problem.is_kept() => {
            // The body of the problem is written later, by telemetry.
            let mut written = Response::new(Body::empty());
            *written.status_mut() = response.status();
            written.headers_mut().clone_from(response.headers());
            format.write(problem, id, &mut written);
            (response, keeper.write(&mut written)?)
        }
        Some(_) => return Ok(response),
    };
    keep_alone(first, answer).await?;
    Ok(response)
}
