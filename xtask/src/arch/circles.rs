//! Files that name each other in a circle.
//!
//! A file names another one when it uses an item that the other one defines; a re-export counts for
//! the file that it leads to. Declaring and re-exporting child modules names nothing, and neither do
//! tests and comments.

mod modules;

use anyhow::Result;
use petgraph::algo::astar;
use petgraph::graphmap::DiGraphMap;

use self::modules::{Arrows, Modules};
use super::facts::Facts;

/// No two files of a crate name each other in a circle.
pub(super) fn no_circles(facts: &Facts) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for root in facts.sources.iter().filter(|file| is_root(&file.path)) {
        findings.extend(circles(&Modules::of(root, &facts.sources)?.arrows()));
    }
    Ok(findings)
}

fn is_root(path: &str) -> bool {
    path.ends_with("/lib.rs") || path.ends_with("/main.rs")
}

/// A finding for the shortest circle, then for the shortest of those that share no arrow with it,
/// and so on.
fn circles(arrows: &Arrows<'_>) -> Vec<String> {
    let mut graph = arrows.keys().copied().collect::<DiGraphMap<&str, ()>>();
    let mut findings = Vec::new();
    while let Some(circle) = shortest(&graph) {
        findings.push(finding(&circle, arrows));
        for (from, to) in steps(&circle) {
            graph.remove_edge(from, to);
        }
    }
    findings
}

fn shortest<'a>(graph: &DiGraphMap<&'a str, ()>) -> Option<Vec<&'a str>> {
    let ways = graph.all_edges().filter_map(|(from, to, ())| {
        astar(graph, to, |file| file == from, |_| 1, |_| 0).map(|(_, way)| way)
    });
    ways.min_by_key(Vec::len)
}

fn steps<'a>(circle: &[&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    circle.iter().copied().zip(circle.iter().copied().cycle().skip(1))
}

/// The files of a circle, and the line that makes each of them name the next one.
fn finding(circle: &[&str], arrows: &Arrows<'_>) -> String {
    let lines = steps(circle).map(|(from, to)| {
        let line = arrows.get(&(from, to)).copied().unwrap_or_default();
        format!("\n    {from}:{line} names {to}")
    });
    format!("a circle of {} files:{}", circle.len(), lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use xtask::workspace::{TextFile, metadata};

    use super::*;

    /// The circles of a crate with these files, by their names below its `src` folder.
    fn found_in(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(name, text): &(&str, &str)| TextFile {
            path: format!("crates/server/src/{name}.rs"),
            text: (*text).to_owned(),
        };
        let sources = files.iter().map(file).collect();
        no_circles(&Facts { metadata: metadata().unwrap(), sources }).unwrap()
    }

    #[test]
    fn circle_is_found_with_its_lines() {
        let found = found_in(&[
            ("lib", "mod a;\nmod b;\npub use a::A;\n"),
            ("a", "pub struct A;\nuse crate::b::c::C;\n"),
            ("b", "pub mod c;\n"),
            ("b/c", "pub struct C;\nfn f() {\n    vec![crate::A];\n}\n"),
        ]);
        let [found] = found.as_slice() else { panic!("{found:?}") };
        for line in ["a.rs:2 names crates/server/src/b/c.rs", "c.rs:3 names crates/server/src/a.rs"]
        {
            assert!(found.contains(line), "{found}");
        }
    }

    #[test]
    fn parent_and_child_can_be_a_circle() {
        for (parent, child, circles) in [
            ("mod b; pub struct A; fn f() { b::g() }", "use super::A; pub fn g() {}", 1),
            ("mod b; pub struct A; pub(crate) use b::g;", "use super::A; pub fn g() {}", 0),
            ("mod b; pub(crate) use b::g; fn f() { g() }", "pub fn g() { super::f() }", 1),
            ("mod b; fn f() { b::g() }", "pub fn g() {}", 0),
            ("mod b; struct A { b: u8 } fn f(a: A) { a.b }", "use super::*;", 0),
        ] {
            let found = found_in(&[("lib", "mod a;"), ("a", parent), ("a/b", child)]);
            assert_eq!(found.len(), circles, "{parent} | {child}: {found:?}");
        }
    }

    #[test]
    fn tests_and_comments_make_no_circle() {
        let tests =
            "/// [`crate::b::B`]\npub struct A;\n#[cfg(test)]\nmod tests { use crate::b::B; }\n";
        let found = found_in(&[
            ("lib", "mod a; mod b;"),
            ("a", tests),
            ("b", "pub struct B; use crate::a::A;"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn glob_import_leads_to_the_defining_file() {
        let found = found_in(&[
            ("lib", "mod a; mod b;"),
            ("a", "pub use self::c::*; mod c;"),
            ("a/c", "pub struct C; use crate::b::B;"),
            ("b", "pub struct B; use crate::a::C;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
