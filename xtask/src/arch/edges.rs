//! The manifests: dependencies between crates, libraries of the domain, lints.

use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::{Dependency, DependencyKind};
use xtask::workspace;

use super::facts::Facts;

/// Our crates, the crates that each may use, and the crates that its tests may use besides. The tools
/// use none of the product's crates, so that they test what users get.
const LAYERS: [(&str, &[&str], &[&str]); 13] = [
    (DOMAIN, &[], &[]),
    (APPLICATION, &[DOMAIN], &[TESTING]),
    (TESTING, &[APPLICATION, DOMAIN], &[]),
    (HTTP, &[APPLICATION, DOMAIN], &[TESTING]),
    (DIESEL, &[APPLICATION, DOMAIN], &[TESTING]),
    (POSTGRES, &[APPLICATION, DOMAIN], &[TESTING]),
    ("contact-hub", &[DIESEL, HTTP, POSTGRES, APPLICATION, DOMAIN], &[TESTING]),
    ("contacts-fuzz", &[HTTP, POSTGRES, TESTING, APPLICATION, DOMAIN], &[]),
    ("bench", &TOOLS, &[]),
    ("proofs", &TOOLS, &[]),
    ("server-process", &[], &[]),
    ("throwaway-postgres", &[], &[]),
    ("xtask", &TOOLS, &[]),
];

const DOMAIN: &str = "contacts-domain";
const APPLICATION: &str = "contacts-application";
const TESTING: &str = "contacts-testing";
const HTTP: &str = "contacts-adapters-http";
const DIESEL: &str = "contacts-adapters-diesel";
const POSTGRES: &str = "contacts-adapters-postgres";
const TOOLS: [&str; 2] = ["server-process", "throwaway-postgres"];

/// The libraries of the domain: data, errors, and one small library per kind of value. A new one has
/// to be decided on, so it is listed here too.
const DOMAIN_LIBRARIES: [&str; 20] = [
    "compact_str",
    "email_address",
    "iban_validate",
    "icu_casemap",
    "icu_normalizer",
    "icu_properties",
    "idna",
    "indexmap",
    "rlibphonenumber",
    "rust_decimal",
    "rust_iso3166",
    "serde",
    "serde_json",
    "sha2",
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

/// The layers: domain ← application ← adapters ← server. Tests may also use `contacts-testing`, and
/// their own crate with other features.
pub(super) fn layers(facts: &Facts) -> Result<Vec<String>> {
    let packages = facts.metadata.workspace_packages();
    let names = packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>();
    let mut findings = Vec::new();
    for package in &packages {
        findings.extend(check_layer(&package.name, &package.dependencies, &names));
    }
    Ok(findings)
}

fn check_layer(package: &str, dependencies: &[Dependency], ours: &[&str]) -> Vec<String> {
    let Some((_, layers, test_layers)) = LAYERS.iter().find(|(name, ..)| *name == package) else {
        return vec![format!("{package}: has no place in the layers")];
    };
    let is_forbidden = |dependency: &&Dependency| {
        let name = dependency.name.as_str();
        let in_tests = dependency.kind == DependencyKind::Development
            && (name == package || test_layers.contains(&name));
        ours.contains(&name) && !in_tests && !layers.contains(&name)
    };
    let forbidden = dependencies.iter().filter(is_forbidden);
    forbidden.map(|dependency| format!("{package} may not use {}", dependency.name)).collect()
}

/// The domain uses only the listed libraries, without the features that would make it impure.
pub(super) fn domain_libraries(facts: &Facts) -> Result<Vec<String>> {
    let packages = facts.metadata.workspace_packages();
    let domain = packages.iter().filter(|package| package.name == DOMAIN);
    Ok(domain.flat_map(|package| check_domain(&package.dependencies)).collect())
}

fn check_domain(dependencies: &[Dependency]) -> Vec<String> {
    let mut findings = Vec::new();
    for Dependency { name, features, .. } in
        dependencies.iter().filter(|found| found.kind == DependencyKind::Normal)
    {
        if !DOMAIN_LIBRARIES.contains(&name.as_str()) {
            findings.push(format!("{DOMAIN} may not use {name}"));
        }
        let impure = features.iter().filter(|feature| IMPURE_FEATURES.contains(&feature.as_str()));
        findings
            .extend(impure.map(|feature| format!("{DOMAIN}: {name} with `{feature}` is impure")));
    }
    findings
}

/// Every crate takes the lints of the workspace, which forbid unsafe code.
pub(super) fn lints_everywhere(facts: &Facts) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in facts.metadata.workspace_packages() {
        let path = &package.manifest_path;
        let text = fs::read_to_string(path).with_context(|| path.to_string())?;
        if !text.contains("\n[lints]\nworkspace = true\n") {
            findings.push(format!("{}: lacks `[lints] workspace = true`", package.name));
        }
    }
    let text = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    if !text.contains("unsafe_code = \"forbid\"") {
        findings.push("Cargo.toml: does not forbid unsafe code".to_owned());
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dependency(name: &str, kind: Option<&str>, features: &[&str]) -> Dependency {
        serde_json::from_value(json!({
            "name": name, "kind": kind, "features": features, "req": "*", "optional": false,
            "uses_default_features": true, "target": null, "source": null, "rename": null,
            "registry": null,
        }))
        .unwrap()
    }

    #[test]
    fn each_forbidden_edge_is_found() {
        let ours = LAYERS.map(|(name, ..)| name);
        for (from, to, kind, is_allowed) in [
            (HTTP, DOMAIN, None, true),
            (HTTP, "serde", None, true),
            (DOMAIN, HTTP, None, false),
            (HTTP, DIESEL, Some("dev"), false),
            (HTTP, TESTING, Some("dev"), true),
            (HTTP, TESTING, None, false),
            (APPLICATION, APPLICATION, Some("dev"), true),
            ("contacts-extras", "serde", None, false),
        ] {
            let found = check_layer(from, &[dependency(to, kind, &[])], &ours);
            assert_eq!(found.is_empty(), is_allowed, "{from} to {to}: {found:?}");
        }
    }

    #[test]
    fn domain_takes_only_listed_libraries() {
        for (dependency, found) in [
            (dependency("tokio", None, &[]), vec!["contacts-domain may not use tokio"]),
            (dependency("proptest", Some("dev"), &[]), vec![]),
            (dependency("uuid", None, &["v7"]), vec!["contacts-domain: uuid with `v7` is impure"]),
        ] {
            assert_eq!(check_domain(&[dependency]), found);
        }
    }
}
