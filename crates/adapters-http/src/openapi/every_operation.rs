//! What every operation has, or every one of a kind.

use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required};

use super::parameters::header;
use super::problems::{line, response, text_header};
use crate::problem::Kind;
use crate::problem::format::ProblemFormat;
use crate::request::authorized::organization::{NATIVE, ORGANIZATION};

/// Adds the id of the request to every answer of the description.
pub(crate) fn describe_request_ids(description: &mut OpenApi) {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(128))
        .pattern(Some("^[-A-Za-z0-9_.:/+=]+$"));
    let about = "The id of the request, of the caller or of the server.";
    let id = HeaderBuilder::new().schema(Some(id)).description(Some(about)).build();
    for path in description.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = path;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    response.headers.insert("x-request-id".to_owned(), RefOr::T(id.clone()));
                }
            }
        }
    }
}

/// Adds what every operation of the native API has: the parameter that names the organization, and the
/// answer to a client that accepts none of its media types.
pub(crate) fn describe_native(description: &mut OpenApi) {
    let about = "The organization, instead of the header TARGET-ORGANIZATION-ID.";
    let id = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
        .maximum(Some(i32::MAX));
    let parameter = ParameterBuilder::new().name(ORGANIZATION).parameter_in(ParameterIn::Query);
    let parameter = parameter.description(Some(about)).required(Required::False).schema(Some(id));
    let parameter = parameter.example(Some(json!(1))).build();
    let paths = description.paths.paths.iter_mut();
    for (_, path) in paths.filter(|(path, _)| path.starts_with(NATIVE)) {
        let PathItem { get, put, post, delete, patch, .. } = path;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            let parameters = operation.parameters.get_or_insert_default();
            parameters.push(RefOr::T(parameter.clone()));
            let refused = response(ProblemFormat::ProblemDetails, &[Kind::NotAcceptable]);
            operation.responses.responses.insert("406".to_owned(), RefOr::T(refused));
        }
    }
}

/// Adds the header for the idempotency key to every operation that may change something, and what it is
/// answered.
pub(crate) fn describe_idempotency(description: &mut OpenApi) {
    for (path, item) in &mut description.paths.paths {
        let format = match path.starts_with("/api/") {
            true => ProblemFormat::DeviceEnvelope,
            false => ProblemFormat::ProblemDetails,
        };
        let PathItem { put, post, delete, patch, .. } = item;
        for operation in [put, post, delete, patch].into_iter().flatten() {
            describe_key(operation, format);
        }
    }
}

/// The forms of an idempotency key: bare, or a string of RFC 9651.
const IDEMPOTENCY_KEY: &str = r#"^([!#-~][!-~]{0,127}|"([ !#-\[\]-~]|\\["\\]){1,128}")$"#;

fn describe_key(operation: &mut Operation, format: ProblemFormat) {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(IDEMPOTENCY_KEY))
        .description(Some("1 to 128 visible ASCII characters, bare or as a quoted string."));
    let about = "Does the request once: sent again within 24 hours, with the same path, query, body, \
                 `Prefer`, `If-Match` and token, it is answered as the first time.";
    let key = header("Idempotency-Key").description(Some(about)).schema(Some(key));
    let key = key.example(Some(json!("8e03978e-40d5-43dd-bc93-6894a57f9324"))).build();
    operation.parameters.get_or_insert_default().push(RefOr::T(key));
    let replayed = "Of an answer that was given before: `true`, or `without-documents` if they were too \
                    large to be kept or a contact was purged.";
    let responses = &mut operation.responses.responses;
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        if let RefOr::T(response) = response {
            let header = RefOr::T(text_header(replayed));
            response.headers.insert("Idempotency-Replayed".to_owned(), header);
        }
    }
    for kind in [Kind::RequestRunning, Kind::IdempotencyKeyReused] {
        let mut new = response(format, &[kind]);
        match responses.get_mut(&kind.status().as_u16().to_string()) {
            Some(RefOr::T(described)) => {
                described.description.push('\n');
                described.description.push_str(&line(format, kind));
                for (media_type, content) in &mut described.content {
                    if let RefOr::T(content) = content
                        && let Some(RefOr::T(new)) = new.content.get_mut(media_type)
                    {
                        content.examples.append(&mut new.examples);
                    }
                }
            }
            _ => {
                responses.insert(kind.status().as_u16().to_string(), RefOr::T(new));
            }
        }
    }
}
