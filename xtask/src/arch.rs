//! `cargo xtask arch`: who may import whom, and what never happens.
//!
//! docs/architecture.md states each invariant with its name, and each name has a check here: a
//! "never" without a check, and a check that nobody can read about, fail too.

mod circles;
mod edges;
mod libraries;
mod sources;

use std::fs;

use serde_json::Value;
use xtask::Failure;
use xtask::command::say;
use xtask::workspace::{self, TextFile};

const DOCUMENT: &str = "docs/architecture.md";

/// Something that never happens, by the name that docs/architecture.md gives it.
struct Invariant {
    name: &'static str,
    check: fn(&Facts) -> Result<Vec<String>, Failure>,
}

/// What the checks look at.
struct Facts {
    metadata: Value,
    /// The Rust files of `crates/*/src`.
    sources: Vec<TextFile>,
}

const INVARIANTS: [Invariant; 13] = [
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
    Invariant { name: "no-circles", check: circles::no_circles },
];

/// Checks every invariant, and that the document and the checks name the same ones.
pub(crate) fn run() -> Result<(), Failure> {
    let sources = workspace::text_files("crates")?.into_iter();
    let sources = sources.filter(|file| file.extension() == "rs" && file.path.contains("/src/"));
    let facts = Facts { metadata: workspace::metadata()?, sources: sources.collect() };

    let mut findings = Vec::new();
    for invariant in &INVARIANTS {
        let found = (invariant.check)(&facts)?;
        let verdict = if found.is_empty() { "holds" } else { "BROKEN" };
        say(&format!("{verdict:>7}  {}", invariant.name));
        findings.extend(found);
    }

    let path = workspace::root().join(DOCUMENT);
    let document = fs::read_to_string(&path).map_err(Failure::about(&path))?;
    findings.extend(compare(&document));
    Failure::unless_empty("arch", findings)
}

/// What the document promises without a check, and what is checked but not told.
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
            findings.push(format!("{DOCUMENT}: does not tell of `{}`", invariant.name));
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
    fn a_document_that_tells_of_every_invariant_passes() {
        assert_eq!(compare(&complete()), Vec::<String>::new());
    }

    #[test]
    fn a_never_without_a_check_is_found() {
        let found = compare(&(complete() + "we never sleep\n"));
        assert_eq!(found, ["docs/architecture.md:13: says `never` but names no invariant"]);
    }

    #[test]
    fn a_check_that_is_not_told_of_is_found() {
        let document = complete().replace("`one-clock`", "");
        assert_eq!(compare(&document).len(), 2, "the line promises nothing checked any more");
    }
}
