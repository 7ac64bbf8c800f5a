//! The workspace: its packages, its files, and a shell at its top.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};
use xshell::Shell;

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A shell at the top of the workspace.
///
/// # Errors
///
/// There is no current folder.
pub fn shell() -> Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    Ok(shell)
}

/// The packages of the workspace, without their dependencies' packages.
///
/// # Errors
///
/// `cargo metadata` fails.
pub fn metadata() -> Result<Metadata> {
    Ok(MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?)
}

/// Fails with the findings of a check, a line each, if there are any.
///
/// # Errors
///
/// There are findings.
pub fn fail_on(check: &str, findings: &[String]) -> Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{check}: {} to mend\n{}", findings.len(), findings.join("\n"))
}

/// A text file of the workspace.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Its path from the top of the workspace, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl TextFile {
    /// The part of its name after the last dot.
    pub fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|text| text.to_str()).unwrap_or_default()
    }

    /// Its lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// A finding about one of its lines.
    pub fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Every text file below `folder` (from the top of the workspace, `""` for all), ordered by path.
/// Leaves out build folders, hidden folders but `.cargo` and `.ci`, and files that are not UTF-8.
///
/// # Errors
///
/// A folder or file cannot be read.
pub fn text_files(folder: &str) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    let folder = root().join(folder);
    collect(&folder, &mut files).with_context(|| folder.display().to_string())?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<TextFile>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let is_hidden = name.starts_with('.') && ![".cargo", ".ci"].contains(&&*name);
            if !is_hidden && name != "target" {
                collect(&path, files)?;
            }
        } else if kind.is_file()
            && name != ".git"
            && let Ok(text) = String::from_utf8(fs::read(&path)?)
        {
            let path = path.strip_prefix(root())?.to_string_lossy().replace('\\', "/");
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}
