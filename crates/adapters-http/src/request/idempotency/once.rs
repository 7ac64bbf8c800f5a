//! The first request with a key, as a handler sees it.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::header::{CONTENT_TYPE, HeaderName, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{Extensions, Uri};
use axum::response::{IntoResponse as _, Response};
use contacts_application::use_cases::{Arrival, FirstRequest, Keeping, NotDone, UseCaseError};
use contacts_domain::decision::{Answer, RequestDigest, RequestKey};
use contacts_domain::upsert::{BatchReport, Outcome};
use contacts_domain::{ContactId, OrganizationId};
use sha2::{Digest, Sha256};

use super::kept::{Keeper, replay};
use super::key;
use crate::limits::Room;
use crate::problem::Problem;
use crate::reply::parts::{IntoBody, Written};
use crate::request::authorized::{Credentials, layered};
use crate::request::offload::offload;
use crate::request::prefer::PREFER;
use crate::state::AppState;

/// The headers that make a request another one, beside its body.
const MEANT: [HeaderName; 3] = [CONTENT_TYPE, IF_MATCH, PREFER];

/// The SHA-256 of the body of a request with a key.
#[derive(Clone)]
pub(crate) struct BodyDigest([u8; 32]);

/// Where the layer finds the request again.
pub(super) type Slot = Arc<OnceLock<Arc<FirstRequest>>>;

/// A request that is done once if it has an idempotency key. A handler takes it after the body. A
/// request that was done before is answered with what is kept.
pub(crate) struct Once(Option<First>);

struct First {
    request: Arc<FirstRequest>,
    keeper: Keeper,
}

impl BodyDigest {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }
}

impl FromRequestParts<AppState> for Once {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let key = key::of(&parts.headers).map_err(Problem::into_response)?;
        let Some(key) = key else { return Ok(Self(None)) };
        let arrival = receive(parts, &key, state).await.map_err(Problem::into_response)?;
        match arrival {
            Arrival::First(request) => {
                let slot: Slot = layered(parts).map_err(Problem::into_response)?;
                let _ = slot.set(Arc::clone(&request));
                let named = named(&parts.extensions, &parts.uri);
                let keeper = Keeper { limit: state.settings.max_kept_answer_bytes, named };
                Ok(Self(Some(First { request, keeper })))
            }
            Arrival::Answered(answer) => Err(match replay(answer) {
                Ok(response) => response,
                Err(problem) => problem.into_response(),
            }),
            Arrival::Refused(reason) => {
                Err(Problem::from(UseCaseError::from(reason)).into_response())
            }
        }
    }
}

impl Once {
    /// How the answer is kept with what the request writes, if it has a key. The handler answers by the
    /// same `reply`; a problem is not kept.
    pub(crate) fn keeping<R, B: Written>(
        &self,
        reply: impl Fn(&R) -> Result<Response<B>, Problem> + Send + Sync + 'static,
    ) -> Option<Keeping<R>> {
        self.rendering(move |report| reply(report).ok())
    }

    /// The same for a batch.
    pub(crate) fn keeping_batch<B: Written>(
        &self,
        reply: impl Fn(Vec<Outcome>) -> Result<Response<B>, Problem> + Send + Sync + 'static,
    ) -> Option<Keeping<BatchReport>> {
        self.rendering(move |report: &BatchReport| reply(report.as_ref().ok()?.clone()).ok())
    }

    fn rendering<R, B: Written>(
        &self,
        reply: impl Fn(&R) -> Option<Response<B>> + Send + Sync + 'static,
    ) -> Option<Keeping<R>> {
        let First { request, keeper } = self.0.as_ref()?;
        let (request, keeper) = (Arc::clone(request), keeper.clone());
        let render = move |report: &R| keeper.write(&mut reply(report)?).ok();
        Some(Keeping::new(request, Arc::new(render)))
    }

    /// The answer with its body, once it is kept, be it after a request that has written nothing.
    pub(crate) async fn send<B: IntoBody>(
        &self,
        room: &Room,
        mut response: Response<B>,
    ) -> Result<Response, Problem> {
        if let Some(First { request, keeper }) = &self.0
            && !request.is_kept()
        {
            let (keeper, held) = (keeper.clone(), room.clone());
            let write = move || (keeper.write(&mut response), response);
            let writing = offload(true, move || held.during(write));
            let (answer, written) = writing.await?;
            keep_alone(request, answer?).await?;
            response = written;
        }
        let (head, body) = response.into_parts();
        Ok(Response::from_parts(head, body.into_body().await?))
    }
}

/// Keeps the answer to a request that has written nothing.
pub(super) async fn keep_alone(first: &FirstRequest, answer: Answer) -> Result<(), Problem> {
    match first.keep(answer).await {
        Ok(true) => Ok(()),
        // Another server has answered it. It gives that answer when it is sent again.
        Ok(false) => Err(UseCaseError::from(NotDone::Running).into()),
        Err(error) => Err(UseCaseError::from(error).into()),
    }
}

async fn receive(parts: &Parts, key: &str, state: &AppState) -> Result<Arrival, Problem> {
    let credentials: Credentials = layered(parts)?;
    let uri = uri(&parts.extensions, &parts.uri);
    let scope = [key.as_bytes(), uri.path().as_bytes(), &credentials.token().0];
    let mut request = vec![
        parts.method.as_str().as_bytes(),
        uri.path().as_bytes(),
        uri.query().unwrap_or_default().as_bytes(),
    ];
    for name in MEANT {
        let values: Vec<_> = parts.headers.get_all(name).iter().collect();
        request.extend(values.iter().map(|value| value.as_bytes()));
        request.push(b"");
    }
    let body = parts.extensions.get::<BodyDigest>().map_or([0; 32], |BodyDigest(digest)| *digest);
    request.push(&body);
    let (key, request) = (RequestKey(digest(&scope)), RequestDigest(digest(&request)));
    let organization: OrganizationId = layered(parts)?;
    let received = state.services.answer_once.receive(organization, key, request).await;
    received.map_err(|error| UseCaseError::from(error).into())
}

/// A digest of texts, each with its length.
fn digest(texts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text);
    }
    digest.finalize().into()
}

/// The contacts that the path of a request names.
pub(super) fn named(extensions: &Extensions, sent: &Uri) -> Vec<ContactId> {
    let ids = uri(extensions, sent).path().split('/').filter_map(|part| part.parse().ok());
    ids.filter_map(ContactId::new).collect()
}

/// The URI as it was sent: the device API strips its prefix.
fn uri<'r>(extensions: &'r Extensions, uri: &'r Uri) -> &'r Uri {
    extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(original)| original)
}
