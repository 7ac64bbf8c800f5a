//! The licences of the packages that the program is made of: which they may be, as `deny.toml` has it,
//! and their texts.
//!
//! Of cargo-about, this has neither a second list of what is allowed nor minutes of installing; and it
//! finds the notices, and the licences of C sources and scripts that are within packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use spdx::{Expression, Licensee, ParseMode};
use toml::Table;
use xtask::workspace;

use super::release::{Release, program};

/// What the name of a file with a licence or notice begins with, or has after a dot.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "UNLICENSE", "COPYING", "COPYRIGHT", "NOTICE"];

/// Every text once, below the packages that it is of.
///
/// # Errors
///
/// A package has a licence that `deny.toml` does not allow, or none.
pub(super) fn texts(release: &Release) -> Result<String> {
    let allowed = allowed(&release.source.read_file("deny.toml")?)?;
    let (mut findings, mut packages_by_text) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
    for package in linked(&release.metadata)? {
        let licence = package.license.as_deref().unwrap_or("none");
        let Some(standard) = standard_text(licence, &allowed) else {
            findings.push(format!("{} {}: {licence}", package.name, package.version));
            continue;
        };
        let name = format!("{} {} ({licence})", package.name, package.version);
        let folder = package.manifest_path.parent().context("a package in no folder")?;
        let mut found = Vec::new();
        collect(folder.as_std_path(), &mut found)?;
        // The texts of our own packages stand at the top of the archive.
        if found.is_empty() && package.source.is_some() {
            let from: Vec<_> = package.authors.iter().chain(&package.repository).cloned().collect();
            let name = format!("{name}: the text of SPDX, as it has none; {}", from.join(", "));
            packages_by_text.entry(standard).or_default().push(name);
        }
        for path in found {
            let within = path.strip_prefix(folder)?.display();
            let text = String::from_utf8_lossy(&fs::read(&path)?).replace('\r', "");
            let text = text.trim_matches('\n').to_owned();
            packages_by_text.entry(text).or_default().push(format!("{name}: {within}"));
        }
    }
    workspace::fail_on("licences that deny.toml does not allow", &findings)?;
    let mut sections: Vec<_> = packages_by_text.into_iter().collect();
    sections.sort_by(|(_, left), (_, right)| left.cmp(right));
    let sections = sections.iter().map(|(text, packages)| {
        let (line, packages) = ("=".repeat(80), packages.join("\n"));
        format!("{line}\n{packages}\n{line}\n\n{text}\n")
    });
    Ok(sections.collect::<Vec<_>>().join("\n"))
}

/// The list of `deny.toml`.
fn allowed(deny: &str) -> Result<Vec<Licensee>> {
    let deny: Table = toml::from_str(deny)?;
    let list = deny.get("licenses").and_then(|table| table.get("allow")?.as_array());
    let list = list.context("deny.toml allows no licences")?.iter().filter_map(|id| id.as_str());
    list.map(|id| Ok(Licensee::parse(id)?)).collect()
}

/// The text of an allowed licence, if the expression can be met with what is allowed.
fn standard_text(licence: &str, allowed: &[Licensee]) -> Option<String> {
    let expression = Expression::parse_mode(licence, ParseMode::LAX).ok()?;
    let is_allowed = |required: &_| allowed.iter().any(|licensee| licensee.satisfies(required));
    expression.evaluate(is_allowed).then_some(())?;
    let mut required = expression.requirements().map(|required| &required.req);
    let licence = required.find(|required| is_allowed(required))?.license.id()?;
    Some(licence.text().trim_matches('\n').to_owned())
}

/// The packages that become part of the program, with the features that it has by default.
pub(super) fn linked(metadata: &Metadata) -> Result<Vec<&Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolves no packages")?;
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found = BTreeSet::<&PackageId>::new();
    let mut open = vec![&program(metadata)?.id];
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let node = nodes.get(id).context("a package that is not resolved")?;
        let normal = node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        open.extend(normal.map(|dependency| &dependency.pkg));
    }
    let mut packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| found.contains(&package.id)).collect();
    packages.sort_by_key(|package| (package.name.as_str(), &package.version));
    Ok(packages)
}

/// The files with licences and notices below a folder, ordered by path.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), found)?;
        } else if kind.is_file() && has_licence(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn has_licence(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_named = |word: &str| name.starts_with(word) || name.contains(&format!(".{word}"));
    NAMES.into_iter().any(is_named) && !name.ends_with(".RS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_that_is_not_allowed_is_found() {
        let allowed = allowed("[licenses]\nallow = [\"MIT\", \"BSD-3-Clause\"]").unwrap();
        for (licence, is_allowed) in [
            ("MIT", true),
            ("GPL-3.0-only OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND BSD-3-Clause", true),
            ("MIT AND GPL-3.0-only", false),
            ("Apache-2.0", false),
            ("none", false),
        ] {
            assert_eq!(standard_text(licence, &allowed).is_some(), is_allowed, "{licence}");
        }
        let text = standard_text("GPL-3.0-only OR MIT", &allowed).unwrap();
        assert!(text.starts_with("MIT License"), "{text}");
    }

    #[test]
    fn files_with_licences_are_recognized() {
        for (name, is_one) in [
            ("LICENSE", true),
            ("license-apache-2.0", true),
            ("swagger-ui-bundle.js.LICENSE.txt", true),
            ("NOTICE", true),
            ("license.rs", false),
            ("README.md", false),
        ] {
            assert_eq!(has_licence(name), is_one, "{name}");
        }
    }
}
