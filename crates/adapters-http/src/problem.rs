//! Why a request is refused or fails. This is the only file that names status codes.
//!
//! A handler, an extractor or a middleware returns a [`Problem`]. The response carries it as an
//! extension to [`telemetry`](crate::telemetry), which knows the request id: it logs the problem and
//! writes the body in the [`ProblemFormat`](format::ProblemFormat) of the API.

mod chain;
mod contact;
pub(crate) mod corrupt;
pub(crate) mod detail;
pub(crate) mod error_code;
pub(crate) mod format;
mod response;
#[cfg(test)]
mod tests;
mod use_case;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::num::NonZeroI64;
use std::time::Duration;

use axum::body::Body;
use axum::extract::OriginalUri;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use contacts_application::access::Scopes;
use contacts_application::compute::Panicked;
use contacts_application::ports::{StoreError, StoreErrorKind};
use contacts_domain::{Code, Violation};
use serde_json::Value;

use self::chain::Chain;
use self::detail::Details;
use crate::limits::Unit;

/// The header for the media types that a path accepts:
/// <https://www.w3.org/TR/ldp/#header-accept-post>.
pub(crate) const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// The media type of most bodies.
pub(crate) const JSON: &str = "application/json";

/// The `Retry-After` of a server that is full or whose store is unavailable.
const SOON: Duration = Duration::from_secs(1);

/// How many characters of a path an answer repeats.
const MAX_PATH: usize = 100;

/// How many characters of a method an answer and the log show.
const MAX_METHOD: usize = 32;

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $kind:ident: $status:ident $code:ident $slug:literal $title:literal;)+) => {
        /// The kinds of problems: status, error code, `type` and `title` of each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($(#[doc = $about])+ $kind,)+ }

        impl Kind {
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)+ }
            }

            /// The error code, if one of the eighteen fits. `NO_ERROR` in the table means that none does.
            pub(crate) fn code(self) -> Option<Code> {
                let code = match self { $(Self::$kind => Code::$code,)+ };
                (code != Code::NoError).then_some(code)
            }

            /// The last part of the `type`.
            pub(crate) fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)+ }
            }

            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)+ }
            }

            /// One line for the API description: when it happens.
            pub(crate) fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($about),+).trim_ascii_start(),)+ }
            }
        }
    };
}

kinds! {
    /// A header cannot be read, or two headers contradict each other.
    BadHeader: BAD_REQUEST ValidationError "bad-header" "a header is wrong";
    /// A parameter is unknown, is given twice, or has a wrong value; the answer names what is allowed.
    BadParameter: BAD_REQUEST ValidationError "bad-parameter" "a parameter is wrong";
    /// The token is valid for several organizations, and the request names none.
    OrganizationNotNamed: BAD_REQUEST FieldRequired "organization-not-named"
        "the request has to name an organization";
    /// The body is empty.
    BodyEmpty: BAD_REQUEST ContentEmpty "body-empty" "the body is empty";
    /// The body broke off before its announced end.
    BodyIncomplete: BAD_REQUEST ConversionError "body-incomplete" "the body is incomplete";
    /// The body is not what its content coding says, or breaks off within it.
    BodyNotGzip: BAD_REQUEST ConversionError "body-not-gzip" "the body cannot be decompressed";
    /// The body is not UTF-8.
    BodyNotUtf8: BAD_REQUEST ConversionError "body-not-utf-8" "the body is not UTF-8";
    /// The body is not JSON; the answer says where.
    BodyNotJson: BAD_REQUEST ConversionError "body-not-json" "the body is not JSON";
    /// The body is JSON of the wrong shape.
    BodyOfWrongShape: BAD_REQUEST ConversionError "body-of-wrong-shape"
        "the body has the wrong shape";
    /// A member of the body is missing.
    MemberMissing: BAD_REQUEST FieldRequired "member-missing" "a member is missing";
    /// The batch has more items than allowed.
    TooManyItems: BAD_REQUEST ValidationError "too-many-items" "the batch has too many items";
    /// The request matches by a key that the organization does not match by; the answer says how to
    /// switch it on.
    KeySwitchedOff: BAD_REQUEST ValidationError "key-switched-off"
        "the organization does not match by this key";
    /// The rules refuse the merge; `errorCode` and `errorDetailValues` say why.
    MergeRefused: BAD_REQUEST ValidationError "merge-refused" "the contacts cannot be merged";
    /// Members or parameters are wrong; `data` names them all.
    NotValid: BAD_REQUEST ValidationError "not-valid" "Data validation error";
    /// The token is missing, malformed, unknown, expired or revoked.
    Unauthenticated: UNAUTHORIZED ActionDenied "unauthenticated" "a valid token is needed";
    /// The token may not act for that organization, or may not do this.
    Forbidden: FORBIDDEN ActionDenied "forbidden" "the token may not do this";
    /// The organization does not exist; reported only to tokens that may see all organizations.
    UnknownOrganization: NOT_FOUND NotFound "unknown-organization"
        "the organization does not exist";
    /// There is no contact of this type and id, or not in this lifecycle.
    UnknownContact: NOT_FOUND ContactNotFound "unknown-contact" "the contact does not exist";
    /// There is nothing under this path.
    UnknownPath: NOT_FOUND NotFound "unknown-path" "the path does not exist";
    /// The path does not know the method; `Allow` names those it knows.
    MethodNotAllowed: METHOD_NOT_ALLOWED NoError "method-not-allowed" "the method is not allowed";
    /// Another contact has a key of this one; `id` names it, unless it was taken at the same time.
    KeyTaken: CONFLICT UniqueViolation "key-taken" "another contact has a key of this one";
    /// The contact was merged into another one, which `mergedInto` names.
    MergeStands: CONFLICT ActionDenied "merge-stands" "the contact was merged";
    /// A `test` of the JSON Patch found another value.
    PatchTestFailed: CONFLICT ValidationError "patch-test-failed" "a test of the patch failed";
    /// The contact is in another version than `If-Match` names.
    VersionMismatch: PRECONDITION_FAILED ValidationError "version-mismatch"
        "the contact is in another version";
    /// The rules refuse the contact; `violations` say why.
    ContactRefused: UNPROCESSABLE_ENTITY ValidationError "contact-refused"
        "the contact breaks a rule";
    /// The JSON Patch does not fit the contact.
    PatchRefused: UNPROCESSABLE_ENTITY ValidationError "patch-refused"
        "the patch does not fit the contact";
    /// Changes after the token may be missing: it is of another database, or older than the changes
    /// that are kept. Read everything again, without `since`.
    FeedGone: GONE NoError "feed-gone" "the feed cannot go on after this token";
    /// There is no run of this id, or its changes are no longer kept.
    UnknownRun: NOT_FOUND NotFound "unknown-run" "the run does not exist";
    /// What the run changed is no longer kept.
    RunGone: GONE NoError "run-gone" "the run cannot be taken back";
    /// There is no plan of this id, or it has expired: plans are kept for 24 hours.
    UnknownPlan: NOT_FOUND NotFound "unknown-plan" "the plan does not exist";
    /// The plans of the organization would take more room than they may; delete one, or wait until one
    /// expires.
    TooManyPlans: CONFLICT NoError "too-many-plans" "the organization keeps too many plans";
    /// The plan would be too large to be kept; send fewer items.
    PlanTooLarge: PAYLOAD_TOO_LARGE ValidationError "plan-too-large" "the plan is too large";
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused: UNPROCESSABLE_ENTITY ValidationError "idempotency-key-reused"
        "the idempotency key belongs to another request";
    /// A request with the idempotency key is being done; sent again, it is answered.
    RequestRunning: CONFLICT NoError "request-running" "the request is being done";
    /// The request matches by a key that some contacts are not stored with yet; the answer says how
    /// far it is.
    KeyBeingFilled: CONFLICT NoError "key-being-filled" "the key is being filled";
    /// The client stopped sending in the middle of the body.
    BodyTimeout: REQUEST_TIMEOUT NoError "body-timeout" "the body did not arrive in time";
    /// `Accept` allows no JSON.
    NotAcceptable: NOT_ACCEPTABLE NoError "not-acceptable" "the answer cannot be of this media type";
    /// The body is larger than allowed.
    BodyTooLarge: PAYLOAD_TOO_LARGE ValidationError "body-too-large" "the body is too large";
    /// The documents in the answer would have more bytes than allowed; nothing is stored.
    AnswerTooLarge: PAYLOAD_TOO_LARGE ValidationError "answer-too-large" "the answer is too large";
    /// The contacts that a request names have more bytes of documents than the server loads.
    TooManyDocuments: PAYLOAD_TOO_LARGE ValidationError "too-many-documents"
        "the request names too many large contacts";
    /// The body has another media type than JSON in UTF-8, or a coding; `Accept-Post` names what is
    /// accepted.
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE NoError "unsupported-media-type"
        "the media type is not supported";
    /// The token made too many requests, or sent too many items; `Retry-After` says when to try again.
    TooManyRequests: TOO_MANY_REQUESTS NoError "too-many-requests" "too many requests";
    /// A fault of the server; the request id leads to its log.
    Internal: INTERNAL_SERVER_ERROR NoError "internal" "the server failed";
    /// The body has a transfer coding other than chunked.
    UnknownTransferCoding: NOT_IMPLEMENTED NotImplementedYet "unknown-transfer-coding"
        "the transfer coding is unknown";
    /// The server is full, the token has its share of it, or the database is unavailable; sending the
    /// request again is safe.
    Unavailable: SERVICE_UNAVAILABLE NoError "unavailable" "the service is unavailable";
    /// So few contacts fit the filter that a page of them is not found in time. Filter by a key, or
    /// read all contacts and filter them yourself.
    OutOfTime: SERVICE_UNAVAILABLE NoError "out-of-time" "the list takes too long";
}

/// Why a request is not served.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    violations: Vec<Violation>,
    /// What the answer tells of the violations.
    details: Details,
    /// Pairs of a part of the request and what is wrong with it.
    faults: Vec<(String, String)>,
    /// The broken rules, as the native API shows them.
    shown: Vec<Value>,
    /// The code, if it is not that of the kind.
    code: Option<Code>,
    /// The contact that is in the way.
    owner: Option<NonZeroI64>,
    /// The contact that the requested one was merged into.
    merged_into: Option<NonZeroI64>,
    /// The run that merged it.
    run: Option<NonZeroI64>,
    /// The scopes that the request needs, if the token lacks one.
    needed: Scopes,
    retry_after: Option<Duration>,
    /// The media types that the path accepts.
    accept_post: &'static [&'static str],
    /// Goes to the log, never to the caller.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem that `detail` explains to the caller.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            violations: Vec::new(),
            details: Details::default(),
            faults: Vec::new(),
            shown: Vec::new(),
            code: None,
            owner: None,
            merged_into: None,
            run: None,
            needed: Scopes::default(),
            retry_after: None,
            accept_post: &[JSON],
            cause: None,
        }
    }

    /// A request with faults: pairs of a part of the request and what is wrong with it, in order.
    pub(crate) fn not_valid(faults: Vec<(String, String)>) -> Self {
        Self { faults, ..Self::new(Kind::NotValid, Kind::NotValid.title()) }
    }

    /// A body of none of these media types.
    pub(crate) fn unsupported_media_type(accept_post: &'static [&'static str]) -> Self {
        let detail = format!("the body has to be {} in UTF-8", accept_post.join(" or "));
        Self { accept_post, ..Self::new(Kind::UnsupportedMediaType, detail) }
    }

    /// A request above a rate of its token.
    pub(crate) fn too_many(unit: Unit, wait: Duration) -> Self {
        let detail = match unit {
            Unit::Requests => "this token makes more requests per second than it may",
            Unit::Items => "this token sends more items per second than it may",
        };
        Self { retry_after: Some(wait), ..Self::new(Kind::TooManyRequests, detail) }
    }

    /// A fault of the server.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = "quote the request id to whoever runs this server";
        Self { cause: Some(cause.into()), ..Self::new(Kind::Internal, detail) }
    }

    /// A plan that is being applied.
    pub(crate) fn plan_running() -> Self {
        let detail = "the plan is being applied; send the request again to get the answer";
        Self { retry_after: Some(SOON), ..Self::new(Kind::RequestRunning, detail) }
    }

    /// A failure that the same request may not meet later.
    pub(crate) fn unavailable(cause: Option<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause, ..Self::not_yet("sending the request again later is safe") }
    }

    /// What the same request may find done later.
    pub(crate) fn not_yet(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(Kind::Unavailable, detail) }
    }

    fn code(&self) -> Option<Code> {
        self.code.or(self.violations.first().map(Violation::code)).or(self.kind.code())
    }

    /// Whether the request may succeed when it is sent again.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// Whether the store has found its disk full.
    pub(crate) fn is_full_disk(&self) -> bool {
        let store = self.cause.as_ref().and_then(|cause| cause.downcast_ref::<StoreError>());
        store.is_some_and(|error| error.kind() == StoreErrorKind::Full)
    }

    /// Whether the store has decided it about one contact, so that it is kept for a request with an
    /// idempotency key.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(
            self.kind,
            Kind::UnknownContact
                | Kind::KeyTaken
                | Kind::MergeStands
                | Kind::PatchTestFailed
                | Kind::VersionMismatch
                | Kind::ContactRefused
                | Kind::PatchRefused
                | Kind::UnknownRun
                | Kind::RunGone
                | Kind::UnknownPlan
        )
    }

    /// Logs the problem. Call it once, within the span of the request.
    pub(crate) fn log(&self) {
        let problem = self.kind.slug();
        match &self.cause {
            Some(cause) => tracing::error!(problem, cause = %Chain(cause.as_ref()), "failed"),
            None => tracing::debug!(problem, "refused"),
        }
    }
}

/// The same answer to a request that has created something.
pub(crate) fn created<B>(mut response: Response<B>) -> Response<B> {
    *response.status_mut() = StatusCode::CREATED;
    response
}

/// The answer to a request that has nothing to show.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The answer to a client that has the present version.
pub(crate) fn not_modified() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer to an unknown path. Takes the original URI: the device API strips its prefix.
pub(crate) async fn unknown_path(OriginalUri(uri): OriginalUri) -> Problem {
    let path = cut(uri.path(), MAX_PATH);
    Problem::new(Kind::UnknownPath, format!("there is nothing at {path}"))
}

/// The answer to a method that a path does not have.
pub(crate) async fn method_not_allowed(method: Method) -> Problem {
    let method = short_method(&method);
    let detail = format!("{method} is not allowed here; the header Allow names what is");
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// The method, short enough for an answer and the log.
pub(crate) fn short_method(method: &Method) -> Cow<'_, str> {
    cut(method.as_str(), MAX_METHOD)
}

/// The first characters of a text of the caller, and `…` if there are more.
pub(crate) fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("{start}…").into(),
        None => text.into(),
    }
}

/// The answer to a request whose handler panicked.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    Problem::internal(Panicked::from(payload)).into_response()
}
