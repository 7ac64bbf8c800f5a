//! The formats of problems: each API has its own.

use std::borrow::Cow;
use std::num::NonZeroI64;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use contacts_domain::Code;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::detail::DetailReply;
use super::error_code::ErrorCode;
use super::{Kind, Problem};
use crate::v1::violation_body::ViolationBody;

/// The message of the device contract for a missing or invalid token.
const LOG_IN: &str = "Log In";

/// How an API writes its problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemFormat {
    /// RFC 9457.
    ProblemDetails,
    /// The envelope of the device contract.
    DeviceEnvelope,
}

impl ProblemFormat {
    /// Writes the body of a response, whose status and headers the problem has set.
    pub(crate) fn write(self, problem: &Problem, request_id: &str, response: &mut Response) {
        let media_type = HeaderValue::from_static(self.media_type());
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        *response.body_mut() = self.body(problem, request_id).into();
    }

    /// The problem as JSON.
    pub(crate) fn body(self, problem: &Problem, request_id: &str) -> Vec<u8> {
        let body = match self {
            Self::ProblemDetails => serde_json::to_vec(&ProblemReply::of(problem, request_id)),
            Self::DeviceEnvelope => serde_json::to_vec(&EnvelopeReply::of(problem)),
        };
        // Text and numbers cannot fail. An empty body under the right status is better than a
        // second failure.
        body.unwrap_or_default()
    }

    /// A problem of the kind, for the API description.
    pub(crate) fn example(self, kind: Kind) -> Value {
        let problem = Problem::new(kind, kind.about());
        let example = match self {
            Self::ProblemDetails => serde_json::to_value(ProblemReply::of(
                &problem,
                "01930f4e-5d5a-7c5e-8a43-3f5c8f5f5a10",
            )),
            Self::DeviceEnvelope => serde_json::to_value(EnvelopeReply::of(&problem)),
        };
        example.unwrap_or_default()
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::ProblemDetails => "application/problem+json",
            Self::DeviceEnvelope => "application/json",
        }
    }

    /// The name of the schema in the API description.
    pub(crate) fn schema(self) -> Cow<'static, str> {
        match self {
            Self::ProblemDetails => ProblemReply::name(),
            Self::DeviceEnvelope => EnvelopeReply::name(),
        }
    }
}

/// A problem, RFC 9457.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct ProblemReply<'a> {
    /// The kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:contact-hub:problem:body-not-json")]
    kind: String,
    /// The kind of problem, in words.
    #[schema(example = "the body is not JSON")]
    title: &'a str,
    /// The status of the answer.
    #[schema(example = 400)]
    status: u16,
    /// What is wrong with this request.
    #[schema(example = "EOF while parsing a list at line 3 column 1")]
    detail: &'a str,
    /// The error code, where one fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = ErrorCode)]
    error_code: Option<ErrorCode>,
    /// Every broken rule, where the rules refuse the whole request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error_detail_values: Vec<DetailReply<'a>>,
    /// Every broken rule, where the native API refuses a contact.
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    #[schema(value_type = Vec<ViolationBody>, required = false)]
    violations: &'a [Value],
    /// The contact that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 42)]
    id: Option<i64>,
    /// The contact that the requested one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 42)]
    merged_into: Option<i64>,
    /// The run that merged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    run: Option<i64>,
    /// The id of the request, also in the header `x-request-id`.
    #[schema(example = "01930f4e-5d5a-7c5e-8a43-3f5c8f5f5a10")]
    request_id: &'a str,
}

impl<'a> ProblemReply<'a> {
    fn of(problem: &'a Problem, request_id: &'a str) -> Self {
        let code: Option<Code> = problem.code();
        Self {
            kind: format!("urn:contact-hub:problem:{}", problem.kind.slug()),
            title: problem.kind.title(),
            status: problem.kind.status().as_u16(),
            detail: &problem.detail,
            error_code: code.map(ErrorCode),
            error_detail_values: problem
                .violations
                .iter()
                .map(|violation| DetailReply::of(violation, problem.details))
                .collect(),
            violations: &problem.shown,
            id: problem.owner.map(NonZeroI64::get),
            merged_into: problem.merged_into.map(NonZeroI64::get),
            run: problem.run.map(NonZeroI64::get),
            request_id,
        }
    }
}

/// Why a request is not served.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceError)]
pub(crate) struct EnvelopeReply<'a> {
    /// What went wrong.
    error: EnvelopeErrorReply<'a>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceErrorDetails)]
struct EnvelopeErrorReply<'a> {
    /// The kind of fault.
    code: EnvelopeCode,
    /// What went wrong, in words.
    #[schema(example = "Data validation error")]
    message: &'a str,
    /// Each thing that did not pass validation and why; left out where nothing was validated. At
    /// most 100 of them, and then `...` says how many more.
    #[serde(skip_serializing_if = "DataReply::is_empty")]
    #[schema(
        required = false,
        value_type = std::collections::BTreeMap<String, String>,
        example = json!({"list_items[3].number": "an internal address of this type must be digits \
                         in the form BBBB-UU-DD"}),
    )]
    data: DataReply<'a>,
}

/// The closed list of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeviceErrorCode)]
pub(crate) enum EnvelopeCode {
    /// The token is missing or not valid.
    InvalidAuthentication,
    /// The token may not do this.
    PermissionDenied,
    /// What was sent cannot be taken.
    NotValid,
    /// The server cannot do it now; sending the request again is safe.
    SystemError,
}

/// The faults of a request, in their order.
struct DataReply<'a>(&'a [(String, String)]);

impl<'a> EnvelopeReply<'a> {
    fn of(problem: &'a Problem) -> Self {
        let message = if problem.kind == Kind::Unauthenticated { LOG_IN } else { &problem.detail };
        let data = DataReply(&problem.faults);
        Self { error: EnvelopeErrorReply { code: EnvelopeCode::of(problem.kind), message, data } }
    }
}

impl EnvelopeCode {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Unauthenticated => Self::InvalidAuthentication,
            Kind::Forbidden => Self::PermissionDenied,
            Kind::TooManyRequests
            | Kind::Internal
            | Kind::Unavailable
            | Kind::OutOfTime
            | Kind::KeyBeingFilled
            | Kind::RequestRunning => Self::SystemError,
            Kind::BadHeader
            | Kind::BadParameter
            | Kind::OrganizationNotNamed
            | Kind::BodyEmpty
            | Kind::BodyIncomplete
            | Kind::BodyNotGzip
            | Kind::BodyNotUtf8
            | Kind::BodyNotJson
            | Kind::BodyOfWrongShape
            | Kind::MemberMissing
            | Kind::TooManyItems
            | Kind::KeySwitchedOff
            | Kind::MergeRefused
            | Kind::KeyTaken
            | Kind::MergeStands
            | Kind::PatchTestFailed
            | Kind::VersionMismatch
            | Kind::ContactRefused
            | Kind::PatchRefused
            | Kind::FeedGone
            | Kind::UnknownRun
            | Kind::RunGone
            | Kind::UnknownPlan
            | Kind::TooManyPlans
            | Kind::PlanTooLarge
            | Kind::IdempotencyKeyReused
            | Kind::NotValid
            | Kind::UnknownOrganization
            | Kind::UnknownContact
            | Kind::UnknownPath
            | Kind::MethodNotAllowed
            | Kind::BodyTimeout
            | Kind::BodyTooLarge
            | Kind::UnknownTransferCoding
            | Kind::AnswerTooLarge
            | Kind::TooManyDocuments
            | Kind::NotAcceptable
            | Kind::UnsupportedMediaType => Self::NotValid,
        }
    }

    /// The code on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidAuthentication => "invalid_authentication",
            Self::PermissionDenied => "permission_denied",
            Self::NotValid => "not_valid",
            Self::SystemError => "system_error",
        }
    }
}

impl DataReply<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for DataReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(self.0.len()))?;
        for (place, reason) in self.0 {
            members.serialize_entry(place, reason)?;
        }
        members.end()
    }
}
