//! Words that a crate may not use in its sources, apart from tests and comments.

use anyhow::Result;
use xtask::workspace::TextFile;

use super::facts::Facts;

const CLOCKS: [&str; 4] = ["SystemTime::now", "Instant::now", "now_utc", "now_local"];
const EFFECTS: [&str; 11] = [
    "async fn",
    ".await",
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::env",
    "std::process",
    "std::thread",
    "println!",
    "eprintln!",
];
const STORES: [&str; 2] = ["crates/adapters-diesel/", "crates/adapters-postgres/"];
const SQL: [&str; 6] =
    ["SELECT ", "INSERT INTO ", "UPDATE contact", "DELETE FROM ", "sql_query", "PRAGMA "];

/// The domain has no clock, no `async` and no I/O.
pub(super) fn domain_without_effects(facts: &Facts) -> Result<Vec<String>> {
    let domain = |file: &TextFile| file.path.starts_with("crates/domain/");
    Ok([find(facts, domain, &CLOCKS), find(facts, domain, &EFFECTS)].concat())
}

/// The application asks its port for the time.
pub(super) fn one_clock(facts: &Facts) -> Result<Vec<String>> {
    let application = |file: &TextFile| file.path.starts_with("crates/application/");
    Ok(find(facts, application, &CLOCKS))
}

/// SQL and column names live in the crates of the stores.
pub(super) fn sql_in_one_crate(facts: &Facts) -> Result<Vec<String>> {
    let elsewhere = |file: &TextFile| {
        file.path.starts_with("crates/") && !STORES.iter().any(|store| file.path.starts_with(store))
    };
    Ok(find(facts, elsewhere, &SQL))
}

/// One file maps errors to status codes.
pub(super) fn status_codes_in_one_file(facts: &Facts) -> Result<Vec<String>> {
    let elsewhere = |file: &TextFile| {
        file.path.starts_with("crates/") && !file.path.ends_with("adapters-http/src/problem.rs")
    };
    Ok(find(facts, elsewhere, &["StatusCode::"]))
}

/// A route comes with its description, by which tests find it. Only the table of devices adds routes
/// in another way; a test compares it with the description.
pub(super) fn routes_are_described(facts: &Facts) -> Result<Vec<String>> {
    let elsewhere = |file: &TextFile| {
        file.path.starts_with("crates/") && !file.path.ends_with("adapters-http/src/device.rs")
    };
    Ok(find(facts, elsewhere, &[".route(", ".route_service(", ".nest("]))
}

fn find(facts: &Facts, inside: impl Fn(&TextFile) -> bool, words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in facts.sources.iter().filter(|file| inside(file) && !is_test(file)) {
        for (number, line) in file.lines() {
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            for word in words.iter().filter(|word| code.contains(**word)) {
                findings
                    .push(file.finding(number, &format!("`{}` has no place here", word.trim())));
            }
        }
    }
    findings
}

fn is_test(file: &TextFile) -> bool {
    file.path.ends_with("/tests.rs") || file.path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use xtask::workspace::metadata;

    use super::*;

    fn facts(path: &str, text: &str) -> Facts {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        Facts { metadata: metadata().unwrap(), sources: vec![file] }
    }

    #[test]
    fn clock_in_the_domain_is_found() {
        let facts = facts("crates/domain/src/contact.rs", "\nlet now = SystemTime::now();\n");
        let found = domain_without_effects(&facts).unwrap();
        assert_eq!(found, ["crates/domain/src/contact.rs:2: `SystemTime::now` has no place here"]);
    }

    #[test]
    fn comments_and_tests_are_left_out() {
        let text = "// SystemTime::now() is not ours\n#[cfg(test)]\nmod tests { Instant::now() }\n";
        let facts = facts("crates/domain/src/contact.rs", text);
        assert_eq!(domain_without_effects(&facts).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn route_without_a_description_is_found() {
        let text = "router.route(\"/v1/open\", get(open))";
        let facts = |file: &str| facts(&format!("crates/adapters-http/src/{file}"), text);
        let found = routes_are_described(&facts("v1.rs")).unwrap();
        assert_eq!(found, ["crates/adapters-http/src/v1.rs:1: `.route(` has no place here"]);
        assert_eq!(routes_are_described(&facts("device.rs")).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn sql_outside_the_stores_is_found() {
        let text = "let sql = \"SELECT id FROM contact\";";
        assert_eq!(sql_in_one_crate(&facts("crates/server/src/x.rs", text)).unwrap().len(), 1);
        for store in STORES {
            let store = facts(&format!("{store}src/read.rs"), text);
            assert_eq!(sql_in_one_crate(&store).unwrap(), Vec::<String>::new());
        }
    }
}
