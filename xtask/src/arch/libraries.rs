//! What a crate brings along, libraries of libraries included, as `cargo tree` sees it when the
//! crate is built alone.

use std::collections::BTreeSet;

use xtask::Failure;
use xtask::command::Step;

use super::Facts;

const RUNTIME: [&str; 3] = ["tokio", "async-std", "smol"];
const HTTP: [&str; 6] = ["axum", "http", "hyper", "tower", "tower-http", "reqwest"];
const SQL: [&str; 7] =
    ["diesel", "diesel-async", "libsqlite3-sys", "postgres", "rusqlite", "sqlx", "tokio-postgres"];
const CHANCE: [&str; 4] = ["getrandom", "rand", "rand_core", "mio"];

/// The domain brings no runtime, transport, store, log or randomness.
pub(super) fn domain_is_pure(_: &Facts) -> Result<Vec<String>, Failure> {
    let found = brought("contacts-domain", &["--all-features"])?;
    let forbidden =
        [&RUNTIME[..], &HTTP, &SQL, &CHANCE, &["tracing", "log4rs", "chrono", "utoipa"]];
    Ok(among("contacts-domain", &found, &forbidden))
}

/// The application brings neither transport nor store.
pub(super) fn application(_: &Facts) -> Result<Vec<String>, Failure> {
    let found = brought("contacts-application", &["--all-features"])?;
    Ok(among("contacts-application", &found, &[&HTTP, &SQL]))
}

/// The HTTP APIs bring no store.
pub(super) fn http_without_sql(_: &Facts) -> Result<Vec<String>, Failure> {
    let found = brought("contacts-adapters-http", &["--all-features"])?;
    Ok(among("contacts-adapters-http", &found, &[&SQL]))
}

/// The stores bring no HTTP.
pub(super) fn sql_without_http(_: &Facts) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for store in ["contacts-adapters-diesel", "contacts-adapters-postgres"] {
        findings.extend(among(store, &brought(store, &["--all-features"])?, &[&HTTP]));
    }
    Ok(findings)
}

/// Nothing that is shipped needs a PostgreSQL client library on the machine.
pub(super) fn no_libpq(_: &Facts) -> Result<Vec<String>, Failure> {
    let found = brought("contact-hub", &["--all-features"])?;
    Ok(among("contact-hub", &found, &[&["pq-sys", "openssl-sys", "mysqlclient-sys"]]))
}

fn brought(package: &str, more: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let tree = Step::cargo(["tree", "--package", package, "--edges", "normal"])
        .arguments(["--prefix", "none", "--format", "{p}"])
        .arguments(more.iter().copied())
        .quiet()
        .output()?;
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
    fn a_forbidden_library_is_found_with_the_command_that_explains_it() {
        let found = ["serde", "diesel"].map(str::to_owned).into();
        assert_eq!(
            among("contacts-domain", &found, &[&RUNTIME, &SQL]),
            [
                "contacts-domain brings diesel; see `cargo tree --package contacts-domain --invert diesel`"
            ]
        );
    }
}
