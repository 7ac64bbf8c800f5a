//! The bill of materials: every package that the program is built from, in the format `CycloneDX`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;
use xshell::cmd;

use super::licences::linked;
use super::release::{Release, program};
use crate::installed::install_cargo_tool;

/// Writes it into the folder, and returns its name.
///
/// # Errors
///
/// It lacks a package that the program is made of.
pub(super) fn write(release: &Release, folder: &Path) -> Result<String> {
    let cargo_cyclonedx = install_cargo_tool("cargo-cyclonedx", "0.5.9")?;
    let (shell, target) = (&release.source, &release.target);
    let options = ["--format", "json", "--spec-version", "1.5", "--target", target];
    // It writes one beside the manifest of each package. With the time of the commit, it has no random
    // serial number either.
    cmd!(shell, "{cargo_cyclonedx} cyclonedx {options...}")
        .env("SOURCE_DATE_EPOCH", release.time.to_string())
        .run()?;
    let sbom = shell.read_file("crates/server/contact-hub.cdx.json")?;
    check(release, &serde_json::from_str(&sbom)?)?;
    let source = format!("file://{}", shell.current_dir().display());
    let name = format!("{}.cdx.json", release.name);
    shell.write_file(folder.join(&name), sbom.replace(&source, "file:///contact-hub"))?;
    Ok(name)
}

/// Checks that it names every package of which the archive has the licence.
fn check(release: &Release, sbom: &Value) -> Result<()> {
    ensure!(sbom.get("bomFormat").is_some_and(|format| format == "CycloneDX"), "another format");
    let components = sbom.get("components").and_then(Value::as_array).into_iter().flatten();
    let named: BTreeSet<_> = components
        .filter_map(|part| Some((part.get("name")?.as_str()?, part.get("version")?.as_str()?)))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect();
    let program = program(&release.metadata)?;
    for package in linked(&release.metadata)?.into_iter().filter(|other| other.id != program.id) {
        let part = (package.name.to_string(), package.version.to_string());
        ensure!(named.contains(&part), "the bill of materials lacks {} {}", part.0, part.1);
    }
    Ok(())
}
