//! What the manifests say.

use std::fs;

use serde_json::Value;
use xtask::{Failure, workspace};

use super::Facts;

/// Our crates, which of ours each may use, and which its tests may use besides. The tools use none
/// of the crates, so that they test what users get.
const LAYERS: [(&str, &[&str], &[&str]); 8] = [
    (DOMAIN, &[], &[]),
    (APPLICATION, &[DOMAIN], &[TESTING]),
    (TESTING, &[APPLICATION, DOMAIN], &[]),
    (HTTP, &[APPLICATION, DOMAIN], &[TESTING]),
    (DIESEL, &[APPLICATION, DOMAIN], &[TESTING]),
    (POSTGRES, &[APPLICATION, DOMAIN], &[TESTING]),
    ("contact-hub", &[DIESEL, HTTP, POSTGRES, APPLICATION, DOMAIN], &[TESTING]),
    ("xtask", &[], &[]),
];

const DOMAIN: &str = "contacts-domain";
const APPLICATION: &str = "contacts-application";
const TESTING: &str = "contacts-testing";
const HTTP: &str = "contacts-adapters-http";
const DIESEL: &str = "contacts-adapters-diesel";
const POSTGRES: &str = "contacts-adapters-postgres";

/// What the domain is built from: data, errors, and one small library per kind of value. A new one
/// is a decision, so it is made here too.
const DOMAIN_LIBRARIES: [&str; 16] = [
    "email_address",
    "iban_validate",
    "icu_casemap",
    "icu_normalizer",
    "idna",
    "rlibphonenumber",
    "rust_decimal",
    "rust_iso3166",
    "serde",
    "serde_json",
    "strsim",
    "thiserror",
    "time",
    "url",
    "uuid",
    "xxhash-rust",
];

/// Features of the domain's libraries that bring a clock or randomness.
const IMPURE_FEATURES: [&str; 7] =
    ["v1", "v4", "v6", "v7", "fast-rng", "local-offset", "wasm-bindgen"];

struct Package<'a> {
    name: &'a str,
    manifest: &'a str,
    dependencies: Vec<Dependency<'a>>,
}

struct Dependency<'a> {
    name: &'a str,
    kind: Option<&'a str>,
    features: Vec<&'a str>,
}

/// The layers: domain ← application ← adapters ← server, and nothing besides. Tests may also use
/// `contacts-testing`, and their own crate with other features.
pub(super) fn layers(facts: &Facts) -> Result<Vec<String>, Failure> {
    let packages = packages(facts);
    let mut findings = Vec::new();
    for package in &packages {
        let layer = LAYERS.iter().find(|(name, ..)| *name == package.name);
        let Some((_, allowed, allowed_in_tests)) = layer else {
            findings.push(format!("{}: has no place in the layers", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = packages.iter().any(|package| package.name == dependency.name);
            let in_tests = dependency.kind == Some("dev")
                && (dependency.name == package.name || allowed_in_tests.contains(&dependency.name));
            if ours && !in_tests && !allowed.contains(&dependency.name) {
                findings.push(format!("{} may not use {}", package.name, dependency.name));
            }
        }
    }
    Ok(findings)
}

/// The domain uses the libraries that were decided on, without the features that would make it
/// impure.
pub(super) fn domain_libraries(facts: &Facts) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for package in packages(facts).iter().filter(|package| package.name == "contacts-domain") {
        for dependency in package.dependencies.iter().filter(|found| found.kind.is_none()) {
            if !DOMAIN_LIBRARIES.contains(&dependency.name) {
                findings.push(format!("contacts-domain may not use {}", dependency.name));
            }
            for feature in &dependency.features {
                if IMPURE_FEATURES.contains(feature) {
                    let name = dependency.name;
                    findings.push(format!("contacts-domain: {name} with `{feature}` is impure"));
                }
            }
        }
    }
    Ok(findings)
}

/// Every crate takes the lints of the workspace.
pub(super) fn lints_everywhere(facts: &Facts) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for package in packages(facts) {
        let text =
            fs::read_to_string(package.manifest).map_err(Failure::about(package.manifest))?;
        let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
        if lines.next() != Some("workspace = true") {
            findings.push(format!("{}: lacks `[lints] workspace = true`", package.name));
        }
    }
    let root = workspace::root().join("Cargo.toml");
    let text = fs::read_to_string(&root).map_err(Failure::about(&root))?;
    if !text.contains("unsafe_code = \"forbid\"") {
        findings.push("Cargo.toml: does not forbid unsafe code".to_owned());
    }
    Ok(findings)
}

fn packages(facts: &Facts) -> Vec<Package<'_>> {
    let packages = facts.metadata.get("packages").and_then(Value::as_array);
    packages.into_iter().flatten().filter_map(package).collect()
}

fn package(value: &Value) -> Option<Package<'_>> {
    let dependencies = value.get("dependencies")?.as_array()?;
    Some(Package {
        name: value.get("name")?.as_str()?,
        manifest: value.get("manifest_path")?.as_str()?,
        dependencies: dependencies.iter().filter_map(dependency).collect(),
    })
}

fn dependency(value: &Value) -> Option<Dependency<'_>> {
    let features = value.get("features").and_then(Value::as_array);
    Some(Dependency {
        name: value.get("name")?.as_str()?,
        kind: value.get("kind").and_then(Value::as_str),
        features: features.into_iter().flatten().filter_map(Value::as_str).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(name: &str, dependency: &Value) -> Facts {
        let others = LAYERS.map(
            |(name, ..)| json!({"name": name, "manifest_path": "Cargo.toml", "dependencies": []}),
        );
        let mut packages = others.to_vec();
        packages.retain(|package| package["name"] != name);
        packages.push(
            json!({"name": name, "manifest_path": "Cargo.toml", "dependencies": [dependency]}),
        );
        Facts { metadata: json!({ "packages": packages }), sources: Vec::new() }
    }

    #[test]
    fn adapters_do_not_know_each_other() {
        let found = layers(&facts(
            "contacts-adapters-http",
            &json!({"name": "contacts-adapters-diesel", "kind": "dev"}),
        ));
        assert_eq!(found.unwrap(), ["contacts-adapters-http may not use contacts-adapters-diesel"]);
    }

    #[test]
    fn the_test_kit_is_for_tests_alone() {
        for (kind, found) in [
            (json!("dev"), vec![]),
            (json!(null), vec!["contacts-adapters-http may not use contacts-testing"]),
        ] {
            let dependency = json!({"name": "contacts-testing", "kind": kind});
            assert_eq!(layers(&facts("contacts-adapters-http", &dependency)).unwrap(), found);
        }
    }

    #[test]
    fn a_crate_may_use_itself_in_its_tests() {
        let dependency = json!({"name": "contacts-application", "kind": "dev"});
        let found = layers(&facts("contacts-application", &dependency)).unwrap();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        let found = layers(&facts("contacts-extras", &json!({"name": "serde"})));
        assert_eq!(found.unwrap(), ["contacts-extras: has no place in the layers"]);
    }

    #[test]
    fn the_domain_takes_no_library_that_was_not_decided_on() {
        for (dependency, found) in [
            (json!({"name": "tokio"}), vec!["contacts-domain may not use tokio"]),
            (json!({"name": "utoipa"}), vec!["contacts-domain may not use utoipa"]),
            (json!({"name": "proptest", "kind": "dev"}), vec![]),
            (
                json!({"name": "uuid", "features": ["v7"]}),
                vec!["contacts-domain: uuid with `v7` is impure"],
            ),
        ] {
            assert_eq!(domain_libraries(&facts("contacts-domain", &dependency)).unwrap(), found);
        }
    }
}
