//! The API description as it is served.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::DEVICE_PATHS;
use contacts_domain::Code;
use serde_json::{Value, json};

use crate::app::{App, BATCH, device, post, request};

/// Includes methods that no path has: what is not described must be 405.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "patch", "trace"];

async fn description() -> Value {
    App::new().await.get("/openapi.json").await.json()
}

#[tokio::test]
async fn served_description_equals_the_generated_one() {
    let served = description().await;
    assert_eq!(served, serde_json::to_value(contacts_adapters_http::openapi()).unwrap());
    assert_eq!(served["openapi"], "3.1.0");
}

#[tokio::test]
async fn routes_and_described_operations_are_the_same() {
    let app = App::new().await;
    let description = description().await;
    let paths = description["paths"].as_object().unwrap();
    let of_devices = |prefix: &str| {
        let described = paths.keys().filter_map(|path| path.strip_prefix(prefix));
        described.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let served: BTreeSet<_> = DEVICE_PATHS.iter().map(|row| row.path.to_owned()).collect();
    assert_eq!([of_devices("/api/v0"), of_devices("/api/v1")], [served.clone(), served]);
    let is_other = |path: &&String| !path.starts_with("/api/") && !path.starts_with("/v1/");
    let others = paths.keys().filter(is_other);
    assert_eq!(
        others.collect::<Vec<_>>(),
        [
            "/",
            "/api-v1/contact/batch",
            "/api-v1/contact/merging",
            "/api-v1/contact/{type}/{id}",
            "/api-v1/contact/{type}/{id}/deleted",
            "/docs",
            "/docs/{file}",
            "/healthz",
            "/metrics",
            "/openapi.json",
            "/readyz",
        ]
    );
    for (path, operations) in paths {
        let path = path
            .replace("{type}", "PERSON")
            .replace("{file}", "page.css")
            .replace("{id}", "1")
            .replace("{uid}", "1");
        for method in METHODS {
            let http = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = app.send(request(http, &path, &[], Body::empty())).await;
            assert_eq!(answer.status != 405, operations.get(method).is_some(), "{method} {path}");
        }
    }
}

/// Every operation, with its path and method.
fn operations(description: &Value) -> impl Iterator<Item = &Value> {
    let paths = description["paths"].as_object().unwrap().values();
    paths.flat_map(|path| path.as_object().unwrap().values())
}

/// The response of an operation, which may be a reference.
fn response<'d>(description: &'d Value, operation: &'d Value, status: &str) -> &'d Value {
    let response = &operation["responses"][status];
    match response["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => description.pointer(pointer).unwrap(),
        None => response,
    }
}

#[tokio::test]
async fn each_operation_has_its_own_id() {
    let description = description().await;
    let ids = operations(&description).map(|operation| operation["operationId"].as_str().unwrap());
    let ids = ids.collect::<Vec<_>>();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for alias in operations(&description).filter_map(|operation| operation.get("x-alias-of")) {
        assert!(ids.contains(&alias.as_str().unwrap()), "{alias}");
    }
}

#[tokio::test]
async fn links_lead_to_described_parameters() {
    let description = description().await;
    let mut found = Vec::new();
    for operation in operations(&description).filter(|alias| alias.get("x-alias-of").is_none()) {
        let links = response(&description, operation, "200")["links"].as_object();
        for link in links.into_iter().flat_map(|links| links.values()) {
            let target = operations(&description)
                .find(|target| target["operationId"] == link["operationId"])
                .unwrap();
            for name in link["parameters"].as_object().unwrap().keys() {
                let parameters = target["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|parameter| parameter["name"] == *name), "{link}");
            }
            found.push(link["operationId"].as_str().unwrap());
        }
    }
    found.sort_unstable();
    let expected =
        ["deleteContact", "getContact", "getContactItem", "getContactItem", "updateContact"];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn examples_of_device_items_are_whole() {
    let description = description().await;
    let schemas = &description["components"]["schemas"];
    for name in ["DeviceItem", "DeviceItemShown"] {
        let schema = &schemas[name];
        let example = schema.get("example").unwrap_or(&schema["examples"][0]);
        let example = example.as_object().unwrap();
        let properties = schema["properties"].as_object().unwrap();
        assert!(example.keys().all(|member| properties.contains_key(member)), "{example:?}");
        let required = schema["required"].as_array().unwrap();
        assert!(required.iter().all(|member| example.contains_key(member.as_str().unwrap())));
        assert!(properties.values().all(|member| member.get("example").is_none()), "{name}");
    }
    assert_eq!(schemas["DeviceLinkIds"]["properties"]["link_ids"]["items"]["format"], "uuid");
}

#[tokio::test]
async fn example_of_device_item_is_accepted() {
    let app = App::new().await;
    let description = description().await;
    let example = &description["components"]["schemas"]["DeviceItem"]["example"];
    let body = example.to_string();
    let answer = app.send(device(Method::POST, "/api/v1/contacts/items", "all", body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn every_error_code_is_described() {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), 18);
    assert_eq!(description().await["components"]["schemas"]["ErrorCode"]["enum"], json!(codes));
}

#[tokio::test]
async fn every_status_is_described() {
    let description = description().await;
    for (path, method, statuses) in [
        (
            "/api-v1/contact/batch",
            "post",
            "200 400 401 403 404 408 409 413 415 422 429 500 501 503",
        ),
        (
            "/api-v1/contact/merging",
            "post",
            "200 400 401 403 404 408 409 413 415 422 429 500 501 503",
        ),
        ("/api-v1/contact/{type}/{id}", "get", "200 400 401 403 404 429 500 503"),
        (
            "/api/v1/contacts/items/link",
            "post",
            "200 400 401 403 404 408 409 413 415 422 429 500 501 503",
        ),
        (
            "/api/v1/contacts/items/link",
            "delete",
            "200 400 401 403 404 408 409 413 415 422 429 500 501 503",
        ),
        ("/api/v1/contacts/items/{uid}", "get", "200 400 401 403 404 429 500 503"),
    ] {
        let responses = description["paths"][path][method]["responses"].as_object().unwrap();
        let described: Vec<_> = responses.keys().map(String::as_str).collect();
        assert_eq!(described.join(" "), statuses, "{path}");
        for status in responses.keys().filter(|status| *status != "200") {
            let response = response(&description, &description["paths"][path][method], status);
            let (media_type, schema) = match path.starts_with("/api/v1") {
                true => ("application/json", "#/components/schemas/DeviceError"),
                false => ("application/problem+json", "#/components/schemas/Problem"),
            };
            assert_eq!(response["content"][media_type]["schema"]["$ref"], schema, "{status}");
        }
    }
}

#[tokio::test]
async fn every_field_is_described() {
    fn names(value: &Value, names_found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                names_found.insert(name.clone());
                names(value, names_found);
            }),
            Value::Array(elements) => elements.iter().for_each(|value| names(value, names_found)),
            _ => {}
        }
    }
    let every_field = include_str!("../data/erp-batch-every-field.json");
    let mut sent = BTreeSet::new();
    names(&serde_json::from_str(every_field).unwrap(), &mut sent);
    let description = description().await;
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let described: BTreeSet<String> = schemas
        .values()
        .filter_map(|schema| schema["properties"].as_object())
        .flat_map(|properties| properties.keys().cloned())
        .collect();
    assert!(sent.is_subset(&described), "{:?}", sent.difference(&described));
}

#[tokio::test]
async fn closed_enumerations_list_the_values_of_the_contract() {
    let description = description().await;
    let schemas = &description["components"]["schemas"];
    for (schema, member, list, values) in [
        ("ContactDocument", "contactType", "ContactType", "ORGANIZATION PERSON"),
        ("ContactDocument", "defaultLanguage", "Language", "EN FR DE IT UNDEFINED"),
        ("ContactDocument", "genderType", "Gender", "MALE FEMALE OTHER"),
        ("GroupRole", "roleType", "RoleType", "ORGANIZATION GLOBAL"),
        ("PermissionRole", "type", "KindOfRole", "ROLE SUPER_ROLE"),
        ("UserGroup", "type", "KindOfGroup", "GROUP SUPER_GROUP"),
        ("Supplier", "vatType", "VatType", "NO_VAT NATIVE IMPORT_OF_SERVICE"),
        ("SalaryInfo", "salaryType", "SalaryType", "MONTHLY HOURLY"),
        (
            "Supplier",
            "feeSplitType",
            "FeeSplit",
            "CHARGED_TO_THE_BENEFICIARY FIFTY_FIFTY_SPLIT CHARGED_TO_THE_ORDERER",
        ),
        ("Intercom", "type", "IntercomType", "regular individual multi p2p"),
    ] {
        let reference = format!("#/components/schemas/{list}");
        let expected = json!([{ "$ref": reference }, { "type": "null" }]);
        assert_eq!(schemas[schema]["properties"][member]["oneOf"], expected, "{schema}.{member}");
        let values: Vec<_> = values.split(' ').collect();
        assert_eq!(schemas[list]["enum"], json!(values), "{list}");
    }
}

/// What a generator or a reader of the description misses: members without a description, lists of
/// values without a name, bodies without an example.
#[tokio::test]
async fn description_leaves_nothing_out() {
    fn look(value: &Value, at: &str, schemas: &Value, missing: &mut Vec<String>) {
        let Value::Object(members) = value else {
            if let Value::Array(elements) = value {
                elements.iter().for_each(|element| look(element, at, schemas, missing));
            }
            return;
        };
        for (name, value) in members {
            let at = format!("{at}/{name}");
            match name.as_str() {
                "properties" => {
                    for (name, member) in value.as_object().unwrap() {
                        if member.get("description").is_none() {
                            missing.push(format!("{at}/{name} has no description"));
                        }
                    }
                }
                "enum" if !is_named_schema(&at) => missing.push(format!("{at} has no name")),
                "application/json" | "application/problem+json"
                    if ["example", "examples"].iter().all(|name| value.get(name).is_none())
                        && schema_of(value, schemas).get("example").is_none() =>
                {
                    missing.push(format!("{at} has no example"));
                }
                "example" | "examples" => continue,
                _ => {}
            }
            look(value, &at, schemas, missing);
        }
    }
    fn is_named_schema(at: &str) -> bool {
        at.strip_prefix("/components/schemas/").is_some_and(|rest| rest.matches('/').count() == 1)
    }
    fn schema_of<'d>(content: &'d Value, schemas: &'d Value) -> &'d Value {
        let reference = content["schema"]["$ref"].as_str().unwrap_or_default();
        &schemas[reference.rsplit('/').next().unwrap_or_default()]
    }

    let description = description().await;
    let mut missing = Vec::new();
    look(&description, "", &description["components"]["schemas"], &mut missing);
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(description["info"]["license"]["identifier"], "MIT OR Apache-2.0");
    assert_eq!(description["servers"], json!([{ "url": "/", "description": "This server." }]));
}

#[tokio::test]
async fn examples_are_what_the_server_answers() {
    let description = description().await;
    let app = App::new().await;
    for (path, request) in [
        (BATCH, post(BATCH, "all", "")),
        ("/v1/contacts/batch", post("/v1/contacts/batch", "all", "")),
        (
            "/api/v1/contacts/items/link",
            device(Method::POST, "/api/v1/contacts/items/link", "all", ""),
        ),
    ] {
        let operation = &description["paths"][path]["post"];
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        let request = request.map(|_| Body::from(body.to_string()));
        let answer = app.send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let described = response(&description, operation, "200");
        assert_eq!(answer.json(), described["content"]["application/json"]["example"]);
    }
}

#[tokio::test]
async fn every_reference_has_a_target() {
    fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(elements) => elements.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let description = description().await;
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 28, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn native_operations_are_described_with_406() {
    let description = description().await;
    let native = operations(&description).filter(|operation| operation["tags"][0] == "native");
    for operation in native {
        let refused = response(&description, operation, "406");
        assert!(refused["headers"]["x-request-id"].is_object(), "{}", operation["operationId"]);
    }
}
