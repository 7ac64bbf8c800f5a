//! `cargo xtask arch`: the invariants of docs/architecture.md.
//!
//! The document gives each invariant a name, and each name has a check here. A "never" without a
//! check fails, and so does a check that the document does not name.

mod circles;
mod edges;
mod facts;
mod libraries;
mod sources;

use std::fs;

use anyhow::{Context as _, Result};
use xtask::workspace;

use self::facts::Facts;

const DOCUMENT: &str = "docs/architecture.md";

/// A rule that always holds, with its name in docs/architecture.md.
struct Invariant {
    name: &'static str,
    check: fn(&Facts) -> Result<Vec<String>>,
}

const INVARIANTS: [Invariant; 14] = [
    Invariant { name: "layers", check: edges::layers },
    Invariant { name: "domain-libraries", check: edges::domain_libraries },
    Invariant { name: "lints-everywhere", check: edges::lints_everywhere },
    Invariant { name: "domain-is-pure", check: libraries::domain_is_pure },
    Invariant { name: "application-without-transport", check: libraries::application },
    Invariant { name: "http-without-sql", check: libraries::http_without_sql },
    Invariant { name: "sql-without-http", check: libraries::sql_without_http },
    Invariant { name: "no-libpq", check: libraries::no_libpq },
    Invariant { name: "domain-without-effects", check: sources::domain_without_effects },
    Invariant { name: "one-clock", check: sources::one_clock },
    Invariant { name: "sql-in-one-crate", check: sources::sql_in_one_crate },
    Invariant { name: "status-codes-in-one-file", check: sources::status_codes_in_one_file },
    Invariant { name: "routes-are-described", check: sources::routes_are_described },
    Invariant { name: "no-circles", check: circles::no_circles },
];

/// Checks every invariant, and that the document and the checks name the same ones.
pub(crate) fn run() -> Result<()> {
    let mut sources = workspace::text_files("")?;
    sources.retain(|file| file.extension() == "rs" && file.path.contains("/src/"));
    let facts = Facts { metadata: workspace::metadata()?, sources };

    let mut findings = Vec::new();
    for invariant in &INVARIANTS {
        let found = (invariant.check)(&facts)?;
        let verdict = if found.is_empty() { "holds" } else { "BROKEN" };
        eprintln!("{verdict:>7}  {}", invariant.name);
        findings.extend(found);
    }

    let document = fs::read_to_string(workspace::root().join(DOCUMENT)).context(DOCUMENT)?;
    findings.extend(compare(&document));
    workspace::fail_on("arch", &findings)
}

/// The promises of the document without a check, and the checks that it does not name.
fn compare(document: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let named = |line: &str, name: &str| line.contains(&format!("`{name}`"));
    for (index, line) in document.lines().enumerate() {
        let promises = line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "never");
        let checked = INVARIANTS.iter().any(|invariant| named(line, invariant.name));
        if promises && !checked {
            let number = index + 1;
            findings.push(format!("{DOCUMENT}:{number}: says `never` but names no invariant"));
        }
    }
    for invariant in &INVARIANTS {
        if !document.lines().any(|line| named(line, invariant.name)) {
            findings.push(format!("{DOCUMENT}: does not name `{}`", invariant.name));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> String {
        INVARIANTS.map(|invariant| format!("it never happens (`{}`)\n", invariant.name)).concat()
    }

    #[test]
    fn document_with_every_invariant_passes() {
        assert_eq!(compare(&complete()), Vec::<String>::new());
    }

    #[test]
    fn never_without_a_check_is_found() {
        let found = compare(&(complete() + "we never sleep\n"));
        let line = INVARIANTS.len() + 1;
        let reported = format!("docs/architecture.md:{line}: says `never` but names no invariant");
        assert_eq!(found, [reported]);
    }

    #[test]
    fn check_missing_in_the_document_is_found() {
        let document = complete().replace("`one-clock`", "");
        assert_eq!(compare(&document).len(), 2, "the line promises without a check, too");
    }
}
