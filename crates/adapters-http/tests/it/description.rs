//! The API description as it is served.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::DEVICE_PATHS;
use contacts_domain::Code;
use serde_json::{Value, json};

use crate::app::{App, request};

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
    let described: Vec<_> = paths.keys().map(String::as_str).collect();
    assert_eq!(
        described,
        [
            "/api-v1/contact/batch",
            "/api-v1/contact/merging",
            "/api-v1/contact/{type}/{id}",
            "/api-v1/contact/{type}/{id}/deleted",
            "/api/v1/contacts/items",
            "/api/v1/contacts/items/link",
            "/api/v1/contacts/items/{uid}",
            "/healthz",
            "/openapi.json",
        ]
    );
    for (path, operations) in paths {
        let aliases = aliases(path);
        let path = path.replace("{type}", "PERSON").replace("{id}", "1").replace("{uid}", "1");
        for method in METHODS {
            let http = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = app.send(request(http.clone(), &path, &[], Body::empty())).await;
            let is_described = operations.get(method).is_some() || aliases.contains(&http);
            assert_eq!(answer.status != 405, is_described, "{method} {path}");
        }
    }
}

/// The methods of a path of the device contract that are served but not described.
fn aliases(path: &str) -> Vec<Method> {
    let rows = DEVICE_PATHS.iter().filter(|row| path == format!("/api/v1{}", row.path));
    rows.flat_map(|row| row.methods.iter().skip(1)).cloned().collect()
}

#[tokio::test]
async fn first_path_of_each_device_operation_is_described() {
    let description = description().await;
    let mut described = Vec::new();
    for row in DEVICE_PATHS {
        if !described.contains(&row.operation) {
            let method = row.methods[0].as_str().to_lowercase();
            let operation = &description["paths"][format!("/api/v1{}", row.path)][&method];
            assert_eq!(operation["tags"], json!(["Device"]), "{row:?}");
            described.push(row.operation);
        }
    }
    assert_eq!(described.len(), 7);
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
        ("/api-v1/contact/batch", "post", "200 400 401 403 404 408 413 415 429 500 503"),
        ("/api-v1/contact/merging", "post", "200 400 401 403 404 408 413 415 429 500 503"),
        ("/api-v1/contact/{type}/{id}", "get", "200 400 401 403 404 429 500 503"),
        ("/api/v1/contacts/items/link", "post", "200 400 401 403 404 408 413 415 429 500 503"),
        ("/api/v1/contacts/items/link", "delete", "200 400 401 403 404 408 413 415 429 500 503"),
        ("/api/v1/contacts/items/{uid}", "get", "200 400 401 403 404 429 500 503"),
    ] {
        let responses = description["paths"][path][method]["responses"].as_object().unwrap();
        let described: Vec<_> = responses.keys().map(String::as_str).collect();
        assert_eq!(described.join(" "), statuses, "{path}");
        for (status, response) in responses.iter().filter(|(status, _)| *status != "200") {
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
    for (schema, member, values) in [
        ("ContactDocument", "contactType", &["ORGANIZATION", "PERSON"][..]),
        ("ContactDocument", "defaultLanguage", &["EN", "FR", "DE", "IT", "UNDEFINED"]),
        ("ContactDocument", "genderType", &["MALE", "FEMALE", "OTHER"]),
        ("GroupRole", "roleType", &["ORGANIZATION", "GLOBAL"]),
        ("PermissionRole", "type", &["ROLE", "SUPER_ROLE"]),
        ("UserGroup", "type", &["GROUP", "SUPER_GROUP"]),
        ("Supplier", "vatType", &["NO_VAT", "NATIVE", "IMPORT_OF_SERVICE"]),
        ("SalaryInfo", "salaryType", &["MONTHLY", "HOURLY"]),
        (
            "Supplier",
            "feeSplitType",
            &["CHARGED_TO_THE_BENEFICIARY", "FIFTY_FIFTY_SPLIT", "CHARGED_TO_THE_ORDERER"],
        ),
    ] {
        let listed = schemas[schema]["properties"][member]["enum"].as_array().unwrap();
        let listed: Vec<_> = listed.iter().filter_map(Value::as_str).collect();
        assert_eq!(listed, values, "{schema}.{member}");
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
