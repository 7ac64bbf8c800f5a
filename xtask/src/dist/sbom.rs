//! The bill of materials: every package that the program is built from, in the format `CycloneDX`.

use std::path::Path;

use anyhow::Result;
use xshell::cmd;

use super::release::Release;
use crate::installed::install_cargo_tool;

/// Writes it into the folder, and returns its name.
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
    let source = format!("file://{}", shell.current_dir().display());
    let name = format!("{}.cdx.json", release.name);
    shell.write_file(folder.join(&name), sbom.replace(&source, "file:///contact-hub"))?;
    Ok(name)
}
