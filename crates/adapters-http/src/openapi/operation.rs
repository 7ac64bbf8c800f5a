//! Parameters and problems that operations share.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, ToSchema as _};

use super::contact_document::ContactTypeSchema;
use crate::problem::Kind;
use crate::problem::format::{EnvelopeCode, ProblemFormat};
use crate::request::contact_id::ContactIdPath;

/// The headers of every call; the token is a security scheme.
pub(crate) struct CallHeaders;

/// The headers of a batch.
pub(crate) struct BatchHeaders;

/// The headers of a call that writes one contact.
pub(crate) struct WritingHeaders;

/// The headers of a call that can be a dry run.
pub(crate) struct DryRunHeaders;

/// The members of `{type}/{id}`.
pub(crate) struct ContactPathParams;

/// The member of `{uid}`.
pub(crate) struct DeviceItemPath;

impl IntoParams for CallHeaders {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let organization = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(i32::MAX));
        // Without a maximum: what is longer is no fault.
        let request_id = ObjectBuilder::new().schema_type(Type::String);
        vec![
            header("TARGET-ORGANIZATION-ID")
                .description(Some(
                    "The organization for which the operation is performed; absent: the token's own.",
                ))
                .schema(Some(organization))
                .example(Some(json!(1)))
                .build(),
            header("x-request-id")
                .description(Some(
                    "An id of the caller for this request: up to 128 letters, digits and -_.:/+=; \
                     absent or of another form: the server makes one.",
                ))
                .schema(Some(request_id))
                .build(),
        ]
    }
}

impl IntoParams for BatchHeaders {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let prefer = header("Prefer")
            .description(Some(
                "RFC 7240. `return=minimal` leaves `freshData` as `{}` and of `freshRow` `id`, \
                 `version`, `verdict` and `sameAs`, `return=representation` is the default; \
                 `handling=strict` makes warnings errors, and under `handling=lenient` an error of a \
                 single value is a warning and the value is left out; \
                 `detail=full` adds `rule`, `message` and, where it is certain, `fix` to each \
                 detail; `dry-run` answers what would become of the batch and stores nothing: ids of \
                 what would be new are null, and with `detail=full` each item has its `changes`. Others are ignored, but what resembles `dry-run`, for \
                 example `dryrun`, is 400.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some(json!("return=minimal, handling=strict")))
            .build();
        let mut headers = CallHeaders::into_params(place);
        headers.push(prefer);
        headers
    }
}

impl IntoParams for DryRunHeaders {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let prefer = header("Prefer")
            .description(Some(
                "RFC 7240. `dry-run` answers what would be done and stores nothing: ids of what \
                 would be new are null. Others are ignored, but what resembles `dry-run`, for \
                 example `dryrun`, is 400.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some(json!("dry-run")))
            .build();
        let mut headers = CallHeaders::into_params(place);
        headers.push(prefer);
        headers
    }
}

impl IntoParams for WritingHeaders {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "RFC 7240. `handling=strict` makes warnings errors, and under `handling=lenient` an \
                     error of a single value is a warning and the value is left out; `detail=full` \
                     answers `{contact, violations}`; `dry-run` answers what would be done and stores \
                     nothing, with `detail=full` also what would change, in `changes`. Others are ignored, but what resembles `dry-run` is 400.";
        let mut headers = CallHeaders::into_params(place);
        headers.push(text_parameter("Prefer", about, "handling=strict, detail=full"));
        headers
    }
}

impl IntoParams for ContactPathParams {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let contact_type = path_member("type")
            .description(Some("The type of the contact."))
            .schema(Some(Ref::from_schema_name(ContactTypeSchema::name())))
            .build();
        vec![contact_type, contact_id("id")]
    }
}

impl IntoParams for ContactIdPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![contact_id("id")]
    }
}

impl IntoParams for DeviceItemPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![contact_id("uid")]
    }
}

/// A header with a text.
pub(crate) fn text_parameter(name: &str, about: &str, example: &str) -> Parameter {
    header(name)
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(json!(example)))
        .build()
}

fn contact_id(name: &str) -> Parameter {
    let id = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1));
    path_member(name).description(Some("The id of the contact.")).schema(Some(id)).build()
}

fn path_member(name: &str) -> ParameterBuilder {
    let member = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
    member.required(Required::True)
}

pub(super) fn header(name: &str) -> ParameterBuilder {
    let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
    header.required(Required::False)
}

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
