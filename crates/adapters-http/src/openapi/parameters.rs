//! Parameters that operations share.

use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, Required};
use utoipa::{IntoParams, ToSchema as _};

use super::contact_document::ContactTypeSchema;
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
