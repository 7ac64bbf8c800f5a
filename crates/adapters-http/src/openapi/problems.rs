//! Problems that operations share.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder};

use crate::problem::Kind;
use crate::problem::format::{EnvelopeCode, ProblemFormat};

/// The problems of every call that needs a token.
const OF_CALLS: [Kind; 8] = [
    Kind::BadHeader,
    Kind::OrganizationNotNamed,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::UnknownOrganization,
    Kind::TooManyRequests,
    Kind::Internal,
    Kind::Unavailable,
];

/// The problems of every body that should be JSON.
const OF_BODIES: [Kind; 10] = [
    Kind::BodyEmpty,
    Kind::BodyIncomplete,
    Kind::BodyNotGzip,
    Kind::BodyNotUtf8,
    Kind::BodyNotJson,
    Kind::BodyOfWrongShape,
    Kind::BodyTimeout,
    Kind::BodyTooLarge,
    Kind::UnsupportedMediaType,
    Kind::UnknownTransferCoding,
];

/// The problems of every native batch.
const OF_NATIVE_BATCHES: [Kind; 7] = [
    Kind::TooManyItems,
    Kind::AnswerTooLarge,
    Kind::TooManyDocuments,
    Kind::BadParameter,
    Kind::MemberMissing,
    Kind::KeySwitchedOff,
    Kind::KeyBeingFilled,
];

/// The problems of a batch.
pub(crate) struct BatchProblems;

/// The problems of a native batch.
pub(crate) struct NativeBatchProblems;

/// The problems of a call that reads what is always there.
pub(crate) struct CallProblems;

/// The problems of reading one contact.
pub(crate) struct ContactProblems;

/// The problems of the change feed.
pub(crate) struct FeedProblems;

/// The problems of reading runs.
pub(crate) struct RunProblems;

/// The problems of taking a run back.
pub(crate) struct UndoProblems;

/// The problems of planning a batch.
pub(crate) struct PlanningProblems;

/// The problems of a plan.
pub(crate) struct PlanProblems;

/// The problems of applying a plan.
pub(crate) struct ApplyingProblems;

/// The problems of a list of contacts.
pub(crate) struct ListProblems;

/// The problems of a merge.
pub(crate) struct MergingProblems;

/// The problems of writing one contact.
pub(crate) struct WritingProblems;

/// The problems of device calls without a body.
pub(crate) struct DeviceProblems;

/// The problems of device calls with a body.
pub(crate) struct DeviceBodyProblems;

impl IntoResponses for BatchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(
            ProblemFormat::ProblemDetails,
            &[
                &OF_CALLS,
                &OF_BODIES,
                &[Kind::TooManyItems, Kind::AnswerTooLarge, Kind::TooManyDocuments],
            ],
        )
    }
}

impl IntoResponses for NativeBatchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &OF_BODIES, &OF_NATIVE_BATCHES])
    }
}

impl IntoResponses for CallProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS])
    }
}

impl IntoResponses for ContactProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &[Kind::UnknownContact]])
    }
}

impl IntoResponses for FeedProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &[Kind::BadParameter, Kind::FeedGone]])
    }
}

impl IntoResponses for RunProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(
            ProblemFormat::ProblemDetails,
            &[&OF_CALLS, &[Kind::BadParameter, Kind::UnknownRun]],
        )
    }
}

impl IntoResponses for UndoProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_undos =
            [Kind::BadParameter, Kind::UnknownRun, Kind::RunGone, Kind::TooManyDocuments];
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &of_undos])
    }
}

impl IntoResponses for PlanningProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_plans = [Kind::TooManyPlans, Kind::PlanTooLarge];
        let groups: [&[Kind]; 4] = [&OF_CALLS, &OF_BODIES, &OF_NATIVE_BATCHES, &of_plans];
        problems(ProblemFormat::ProblemDetails, &groups)
    }
}

impl IntoResponses for PlanProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_plans = [Kind::BadParameter, Kind::UnknownPlan];
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &of_plans])
    }
}

impl IntoResponses for ApplyingProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_plans = [
            Kind::BadParameter,
            Kind::UnknownPlan,
            Kind::KeySwitchedOff,
            Kind::KeyBeingFilled,
            Kind::BodyTooLarge,
            Kind::AnswerTooLarge,
            Kind::TooManyDocuments,
        ];
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &of_plans])
    }
}

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_lists = [
            Kind::BadParameter,
            Kind::KeySwitchedOff,
            Kind::KeyBeingFilled,
            Kind::FeedGone,
            Kind::OutOfTime,
        ];
        problems(ProblemFormat::ProblemDetails, &[&OF_CALLS, &of_lists])
    }
}

impl IntoResponses for MergingProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(
            ProblemFormat::ProblemDetails,
            &[
                &OF_CALLS,
                &OF_BODIES,
                &[Kind::MemberMissing, Kind::MergeRefused, Kind::TooManyDocuments],
            ],
        )
    }
}

impl IntoResponses for WritingProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(
            ProblemFormat::ProblemDetails,
            &[
                &OF_CALLS,
                &OF_BODIES,
                &[
                    Kind::UnknownContact,
                    Kind::KeyTaken,
                    Kind::MergeStands,
                    Kind::PatchTestFailed,
                    Kind::VersionMismatch,
                    Kind::TooManyDocuments,
                    Kind::ContactRefused,
                    Kind::PatchRefused,
                ],
            ],
        )
    }
}

impl IntoResponses for DeviceProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::DeviceEnvelope, &[&OF_CALLS, &[Kind::NotValid]])
    }
}

impl IntoResponses for DeviceBodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(
            ProblemFormat::DeviceEnvelope,
            &[&OF_CALLS, &OF_BODIES, &[Kind::NotValid, Kind::TooManyDocuments]],
        )
    }
}

/// The problem of a server that cannot write.
pub(crate) struct ReadinessProblems;

impl IntoResponses for ReadinessProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&[Kind::Unavailable]])
    }
}

/// The problem of a file that is not there.
pub(crate) struct PageProblems;

impl IntoResponses for PageProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(ProblemFormat::ProblemDetails, &[&[Kind::UnknownPath]])
    }
}

/// One response per status, which lists its problems.
fn problems(format: ProblemFormat, groups: &[&[Kind]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<_, Vec<Kind>> = BTreeMap::new();
    for kind in groups.iter().copied().flatten() {
        by_status.entry(kind.status().as_u16()).or_default().push(*kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), RefOr::T(response(format, &kinds))))
        .collect()
}

pub(super) fn response(format: ProblemFormat, kinds: &[Kind]) -> Response {
    let lines: Vec<String> = kinds.iter().map(|kind| line(format, *kind)).collect();
    let schema = Ref::from_schema_name(format.schema());
    let example = |kind: &Kind| {
        let example = format.example(*kind);
        (kind.slug(), ExampleBuilder::new().summary(kind.title()).value(Some(example)).build())
    };
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(kinds.iter().map(example))
        .build();
    let mut response =
        ResponseBuilder::new().description(lines.join("\n")).content(format.media_type(), content);
    if kinds.contains(&Kind::Unauthenticated) {
        response = response.header("WWW-Authenticate", text_header("`Bearer`"));
    }
    if kinds.contains(&Kind::Forbidden) {
        let about = "Where the token lacks a scope, `Bearer error=\"insufficient_scope\"` and the \
                     scopes that the call takes.";
        response = response.header("WWW-Authenticate", text_header(about));
    }
    if kinds.contains(&Kind::UnsupportedMediaType) {
        response = response.header("Accept-Post", text_header("`application/json`"));
    }
    if kinds.contains(&Kind::TooManyRequests) || kinds.contains(&Kind::Unavailable) {
        response =
            response.header("Retry-After", text_header("After how many seconds to try again."));
    }
    response.build()
}

pub(super) fn line(format: ProblemFormat, kind: Kind) -> String {
    match format {
        ProblemFormat::ProblemDetails => {
            let code = kind.code().map(|code| format!(" `{code}`")).unwrap_or_default();
            format!("- `{}`{code}: {}", kind.slug(), kind.about())
        }
        ProblemFormat::DeviceEnvelope => {
            format!("- `{}`: {}", EnvelopeCode::of(kind).as_str(), kind.about())
        }
    }
}

pub(super) fn text_header(about: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(text)).description(Some(about)).build()
}
