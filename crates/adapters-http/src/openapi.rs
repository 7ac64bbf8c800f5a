//! The API description, OpenAPI 3.1: its introduction and its endpoint.
//!
//! Each handler describes its operation; the shapes of the domain describe the contact.

mod contact_document;
mod every_operation;
pub(crate) mod examples;
mod parameters;
mod problems;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use utoipa::ToSchema;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use contact_document::{
    AnyContactTypeSchema, ContactDocumentSchema, ContactTypeSchema, IntercomTypeSchema,
    StoredContactSchema,
};
pub(crate) use every_operation::{describe_idempotency, describe_native, describe_request_ids};
pub(crate) use parameters::{
    BatchHeaders, CallHeaders, ContactPathParams, DeviceItemPath, DryRunHeaders, WritingHeaders,
    text_parameter,
};
pub(crate) use problems::{
    ApplyingProblems, BatchProblems, CallProblems, ContactProblems, DeviceBodyProblems,
    DeviceProblems, FeedProblems, ListProblems, MergingProblems, NativeBatchProblems, PageProblems,
    PlanProblems, PlanningProblems, ReadinessProblems, RunProblems, UndoProblems, WritingProblems,
};

use crate::problem::format::{EnvelopeReply, ProblemReply};
use crate::state::AppState;
use crate::v1::contacts::ContactSort;

/// The introduction: what the published contracts leave open and this server decides.
const ABOUT: &str = "\
Takes contacts in bulk: each is created, updated, left unchanged or refused with reasons, with one \
exact answer per item.

## Where the contract of the ERP is silent

- **Token**: `WEAL-TOKEN` and `Authorization: Bearer` are both accepted; both and different: 400.
- **Organization**: without `TARGET-ORGANIZATION-ID`, the token's own. A token for several \
organizations has no organization of its own: 400. An organization that does not exist is 404 only \
for a token that may see all of them, 403 for others. A 403 for a token that lacks a scope names those that the call takes in \
`WWW-Authenticate` (RFC 6750).
- **Further members**: `name` for organizations; `firstName`, `lastName`, `title`, `birthday`, \
`genderType` for persons; for everyone `customFields`, `linkId`, `intercom`, \
`banks[].accountHolderAddress`, `banks[].customHolder`, `region.taxMode`, and `ifVersion`, which \
refuses an item that would change another version of the contact.
- **`freshData`** is the contact right after the item, without `version`; **`freshRow`** is `id`, \
`contactId`, `contactType`, `externalId`, `displayName`, `email`, `phone`, `city`, `countryCode2`, \
`archived`, `version`, `updatedAt`, `verdict`, `matchedBy` (the key that found the contact, absent on \
a create) and, where an earlier item of the batch named the same contact, `sameAs` (its index). Where \
there is no contact, and for a token without the scope `read`, `freshData` is `{}` and `freshRow` is \
`{\"verdict\": …}`. The block `staff` is salary data: it is shown only with the scope \
`staff:read` and taken only with `staff:write`.
- **`possibleWorkflows`**: 1 ARCHIVE, 2 RESTORE (of an archived contact), 3 MERGE, 4 DELETE, as the \
contact's state and the token's scopes allow.
- **Verdicts**: `created`, `updated`, `unchanged`, `rejected`, `ambiguous`, `stale`; the header \
`Contact-Hub-Summary` counts them (RFC 9651), for example `created=3, unchanged=997`, also on the \
paths of devices. Created, updated and unchanged have `error: false`. Refused items have `error: true` \
and `severeError: true`; when several contacts match, `DUPLICATION_ERROR`; when `ifVersion` is not \
current, `VALIDATION_ERROR` on `version`.
- **Warnings** are stored and reported with `isSevere: false` beside `NO_ERROR`. \
`Prefer: handling=strict` makes them errors. `Prefer: handling=lenient` makes warnings of errors of \
a single text, number or value of a list, wrong JSON types included: the member stays as it was \
stored, on a create absent, and everything else of the item is stored. Errors of identity, of the \
type, of scopes, of keys that the request matches by, between two members, and of limits of arrays, \
objects and documents still refuse the item. `Prefer: return=minimal` leaves `freshData` as `{}` and \
of `freshRow` only `id`, `version`, `verdict` and `sameAs` (RFC 7240).
- **`Prefer: detail=full`** adds to each detail `rule` (an anchor in `docs/rules.md`), `message` and, \
where it is certain, `fix` (a JSON Patch of the item, RFC 6902). Where `data` is hidden from a token, \
`message` is the sentence of the rule.
- **`Prefer: dry-run`** answers what would become of the batch and stores nothing; ids of what would \
be new are null, and `Preference-Applied` says `dry-run`. What resembles it, for example `dryrun` or \
`Dry_Run`, is 400. A merge and the paths of devices take it as well.
- **Contacts of type ENDPOINT** do not exist for this API; their `id` is `CONTACT_NOT_FOUND`, their \
other keys are `UNIQUE_VIOLATION`.
- **Limits**: 10,000 items and 32 MiB by default; a larger body is 413, which a client that is still \
sending can read. Too many requests or items a second: 429; an unavailable database or a full server: 503, both with \
`Retry-After`. Where a rate is set, `RateLimit` says how much of it is left and `RateLimit-Policy` what it is \
(draft-ietf-httpapi-ratelimit-headers-10). Sending a request again is always safe.
- **`Idempotency-Key`** (every `POST`, `PUT`, `PATCH` and `DELETE` of every API): the request is done once. \
Sent again within 24 hours, it is answered as before, with `Idempotency-Replayed: true`; another \
request with the key is 422; while the first is running, 409 with `Retry-After`. Kept are answers 2xx, and \
refusals of one contact that the store decided: a request that was refused otherwise may be mended and \
sent with its key. A stream of lines does not take it.
- **Compression**: a body may have `Content-Encoding: gzip`. The limits of bodies hold before and \
after. Answers are compressed if `Accept-Encoding` allows gzip, but for streams of lines.
- **Open enumerations** take any upper-case token; the known ones are given as examples.
- **Problems** are RFC 9457 `application/problem+json`. An unknown path is 404, a wrong method 405 \
with `Allow`, a wrong media type 415 with `Accept-Post`; an absent one is taken as JSON.
- **`x-request-id`** comes from the request or is generated, and is in every answer.

## The native API

- **Token and organization**: as above; the parameter `organization` of the query names it, too.
- **Results** tell what became of each item, with every violation of it: `pointer` (RFC 6901), `rule` \
(an anchor in `docs/rules.md`), `code`, `severity`, `message`, `value` and, where it is certain, `fix` \
(RFC 6902). Members without a value are left out. Where a scope is lacking, the same is hidden as above.
- **Parameters** that are unknown, or have a wrong value, are 400; the answer names those that are \
allowed.
- **`Prefer`** takes `dry-run`, `return` and `handling`, as the options of these names.
- **Plans**: `POST /v1/contacts/plans` keeps a dry run for 24 hours; it can be reviewed, and applied exactly as \
it was, but for what others changed meanwhile.
- **Streams** of items have no limit of bytes, items or time. A client may stall for 30 seconds, and \
one token has at most 4 of 16 streams; what it does not read is kept for it, up to 1 GiB for all.

## Where the contract of intercom monitors is silent

- **Paths**: everything is answered under `/api/v0` as under `/api/v1`, and each operation at \
several paths and methods; `x-alias-of` names the operation that such a one is the same as.
- **Token and organization**: as above.
- **Errors**: on all of these paths, also unknown ones, `{\"error\": {code, message, data}}`. 401 is \
`invalid_authentication`, 403 `permission_denied`; 429, 500 and 503 are `system_error`; all others \
are `not_valid`. `data` names every fault of every item by its path, such as \
`list_items[3].number`, or every wrong parameter; it is left out where the request could not be \
read at all. It has at most 100 members, in the order of the items, and then `...` says how many \
more faults there are.
- **All or nothing**: a request with a fault stores nothing. After 503 and 500, sending it again is \
safe; an item without `link_id` is a new contact each time.
- **Contacts**: an item is the `linkId` and the `intercom` block of a contact; one that is made here \
is of type ENDPOINT. An item that was deleted can be created again under the same `link_id`.
- **A `link_id` that a merge left** leads to the contact that stayed, which keeps its own.
- **Scopes**: `write` to create and update, `delete` to delete, `read` to get and list.
- **Members** that are given twice count as given last; unknown ones, and unknown parameters, are \
ignored. Nothing is trimmed.
";

/// The description without its operations.
pub(crate) fn frame() -> OpenApi {
    let license = env!("CARGO_PKG_LICENSE");
    let license = LicenseBuilder::new().name(license).identifier(Some(license));
    let server = ServerBuilder::new().url("/").description(Some("This server."));
    let info = InfoBuilder::new()
        .title("contact-hub")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    let weal_token = ApiKeyValue::with_description("WEAL-TOKEN", "The API token.");
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The API token, in the standard header (RFC 6750)."))
        .build();
    let mut of_envelope = Vec::new();
    EnvelopeReply::schemas(&mut of_envelope);
    let components = ComponentsBuilder::new()
        .schema_from::<ProblemReply<'static>>()
        .schema_from::<EnvelopeReply<'static>>()
        .schema_from::<ContactSort>()
        .schemas_from_iter(of_envelope)
        .security_scheme("wealToken", SecurityScheme::ApiKey(ApiKey::Header(weal_token)))
        .security_scheme("bearer", SecurityScheme::Http(bearer));
    let tag = |name, about| TagBuilder::new().name(name).description(Some(about)).build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([server.build()]))
        .tags(Some([
            tag("ERP", "The published contract of the ERP."),
            tag("Device", "The published contract of intercom monitors."),
            tag("native", "The API of this hub's own: one contact and many, `/v1`."),
            tag("operation", "For the operator of the server."),
        ]))
        .security(Some([
            SecurityRequirement::new("wealToken", NO_SCOPES),
            SecurityRequirement::new("bearer", NO_SCOPES),
        ]))
        .components(Some(components.build()))
        .build()
}

const NO_SCOPES: [&str; 0] = [];

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(describe))
}

/// This description
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operation",
    security(()),
    responses((
        status = OK,
        description = "OpenAPI 3.1.",
        body = Object,
        example = json!({ "openapi": "3.1.0" }),
    ))
)]
async fn describe(State(description): State<Bytes>) -> Response {
    let mut response = Response::new(Body::from(description));
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}
