//! Files that Markdown names exist.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use xtask::workspace::TextFile;

use super::markdown::{code_spans, lines};

/// The extensions of files; a name in backticks with one of them is the name of a file.
const EXTENSIONS: [&str; 9] = ["rs", "md", "toml", "json", "sql", "yml", "yaml", "sh", "lock"];

/// Targets of links, and files and folders in backticks, that do not exist.
///
/// A path starts at the file that names it or at the top; a name without a folder may be anywhere.
pub(super) fn check(files: &[TextFile]) -> Vec<String> {
    let known = Known::new(files);
    let mut findings = Vec::new();
    for line in lines(files).filter(|line| !line.is_fenced) {
        let links = link_targets(line.text).filter(|target| is_local(target));
        let spans = code_spans(line.text).filter(|span| known.looks_like_path(span));
        for target in links.chain(spans).filter(|target| !known.contains(&line.file.path, target)) {
            findings.push(line.file.finding(line.number, &format!("`{target}` does not exist")));
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

    /// Whether it names a file or folder of ours, and not a route, a media type or code.
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
    fn existing_files_may_be_named_in_any_way() {
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
    fn missing_file_is_found_with_its_line() {
        for markdown in ["[x](nowhere.md)", "see `crates/nowhere`", "`nowhere.rs`"] {
            let found = found_in(&format!("\n{markdown}"));
            assert_eq!(found.len(), 1, "{markdown}");
            assert!(found[0].starts_with("docs/architecture.md:2: "), "{found:?}");
        }
    }
}
