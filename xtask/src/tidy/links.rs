//! Every file that Markdown names exists.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use xtask::workspace::TextFile;

/// What files end with; a name in backticks that ends so is the name of a file.
const EXTENSIONS: [&str; 9] = ["rs", "md", "toml", "json", "sql", "yml", "yaml", "sh", "lock"];

/// What Markdown names that is not there: targets of links, and files and folders in backticks.
///
/// A path is looked for from the file that names it and from the top; a name without a folder may
/// be anywhere.
pub(super) fn check(files: &[TextFile]) -> Vec<String> {
    let known = Known::new(files);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "md") {
        let mut fenced = false;
        for (number, line) in file.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            if fenced {
                continue;
            }
            let links = link_targets(line).filter(|target| is_local(target));
            for target in links.chain(code_spans(line).filter(|span| known.looks_like_path(span))) {
                if !known.contains(&file.path, target) {
                    findings.push(file.finding(number, &format!("`{target}` does not exist")));
                }
            }
        }
    }
    findings
}

struct Known<'a> {
    /// Every file and every folder.
    paths: BTreeSet<&'a str>,
    /// The names of the files alone.
    names: BTreeSet<&'a str>,
    /// The files and folders at the top.
    top: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(files: &'a [TextFile]) -> Self {
        let all = || files.iter().map(|file| file.path.as_str());
        let folders =
            all().flat_map(|path| path.match_indices('/').map(move |(end, _)| &path[..end]));
        Self {
            paths: all().chain(folders).collect(),
            names: all().filter_map(|path| path.rsplit('/').next()).collect(),
            top: all().filter_map(|path| path.split('/').next()).collect(),
        }
    }

    /// Whether it names a file or folder of ours, rather than a route, a media type or code.
    fn looks_like_path(&self, span: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if span.starts_with('/') || span.starts_with("target/") || !span.chars().all(plain) {
            return false;
        }
        let extension = Path::new(span).extension().and_then(|text| text.to_str());
        let is_file = extension.is_some_and(|extension| EXTENSIONS.contains(&extension));
        is_file || span.split_once('/').is_some_and(|(first, _)| self.top.contains(first))
    }

    fn contains(&self, from: &str, target: &str) -> bool {
        let target = target.split('#').next().unwrap_or_default().trim_end_matches('/');
        if target.is_empty() || self.paths.contains(target) {
            return true;
        }
        if !target.contains('/') && self.names.contains(target) {
            return true;
        }
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        self.paths.contains(normal(&folder.join(target)).as_str())
    }
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

fn is_local(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('#')
}

/// The targets of `[text](target)`.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// What stands between single backticks.
pub(super) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(markdown: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.into() };
        check(&[
            file("README.md", ""),
            file("crates/domain/src/contact.rs", ""),
            file("docs/adr/0001-one-tree.md", ""),
            file("docs/architecture.md", markdown),
        ])
    }

    #[test]
    fn what_exists_may_be_named_in_any_way() {
        for markdown in [
            "[readme](../README.md), [one](adr/0001-one-tree.md#why), [web](https://example.org)",
            "`crates/domain/src/contact.rs`, `crates/domain`, `contact.rs`, `adr/0001-one-tree.md`",
            "`POST /api-v1/contact/batch` as `application/json`; `a / b`; `target/bench/x.json`",
            "```text\ncrates/nowhere.rs\n```",
        ] {
            assert_eq!(found_in(markdown), Vec::<String>::new(), "{markdown}");
        }
    }

    #[test]
    fn what_does_not_exist_is_found_with_its_line() {
        for markdown in ["[x](nowhere.md)", "see `crates/nowhere`", "`nowhere.rs`"] {
            let found = found_in(&format!("\n{markdown}"));
            assert_eq!(found.len(), 1, "{markdown}");
            assert!(found[0].starts_with("docs/architecture.md:2: "), "{found:?}");
        }
    }
}
