//! The libraries of a crate that is built alone, including their libraries, by `cargo tree`.

use std::collections::BTreeSet;

use anyhow::Result;
use xshell::cmd;
use xtask::workspace;

use super::facts::Facts;

const RUNTIME: [&str; 3] = ["tokio", "async-std", "smol"];
const HTTP: [&str; 6] = ["axum", "http", "hyper", "tower", "tower-http", "reqwest"];
const SQL: [&str; 7] =
    ["diesel", "diesel-async", "libsqlite3-sys", "postgres", "rusqlite", "sqlx", "tokio-postgres"];
const CHANCE: [&str; 4] = ["getrandom", "rand", "rand_core", "mio"];

/// The domain brings no runtime, transport, store, log or randomness.
pub(super) fn domain_is_pure(_: &Facts) -> Result<Vec<String>> {
    let found = libraries("contacts-domain")?;
    let forbidden =
        [&RUNTIME[..], &HTTP, &SQL, &CHANCE, &["tracing", "log4rs", "chrono", "utoipa"]];
    Ok(among("contacts-domain", &found, &forbidden))
}

/// The application brings neither transport nor store.
pub(super) fn application(_: &Facts) -> Result<Vec<String>> {
    let found = libraries("contacts-application")?;
    Ok(among("contacts-application", &found, &[&HTTP, &SQL]))
}

/// The HTTP APIs bring no store.
pub(super) fn http_without_sql(_: &Facts) -> Result<Vec<String>> {
    let found = libraries("contacts-adapters-http")?;
    Ok(among("contacts-adapters-http", &found, &[&SQL]))
}

/// The stores bring no HTTP.
pub(super) fn sql_without_http(_: &Facts) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for store in ["contacts-adapters-diesel", "contacts-adapters-postgres"] {
        findings.extend(among(store, &libraries(store)?, &[&HTTP]));
    }
    Ok(findings)
}

/// The program needs no PostgreSQL client library on the machine.
pub(super) fn no_libpq(_: &Facts) -> Result<Vec<String>> {
    let found = libraries("contact-hub")?;
    Ok(among("contact-hub", &found, &[&["pq-sys", "openssl-sys", "mysqlclient-sys"]]))
}

fn libraries(package: &str) -> Result<BTreeSet<String>> {
    let shell = workspace::shell()?;
    let options = ["--all-features", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = cmd!(shell, "cargo tree --package {package} {options...}").quiet().read()?;
    Ok(tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

fn among(package: &str, found: &BTreeSet<String>, forbidden: &[&[&str]]) -> Vec<String> {
    let forbidden = forbidden.iter().flat_map(|names| names.iter());
    let caught = forbidden.filter(|name| found.contains(**name));
    caught
        .map(|name| {
            format!("{package} brings {name}; see `cargo tree --package {package} --invert {name}`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_library_is_found_with_its_command() {
        let found = ["serde", "diesel"].map(str::to_owned).into();
        assert_eq!(
            among("contacts-domain", &found, &[&RUNTIME, &SQL]),
            [
                "contacts-domain brings diesel; see `cargo tree --package contacts-domain --invert diesel`"
            ]
        );
    }
}
