//! The workspace: what cargo knows of it, and its files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Failure;
use crate::command::Step;

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// What `cargo metadata` says, without the dependencies of dependencies.
///
/// # Errors
///
/// When cargo fails.
pub fn metadata() -> Result<Value, Failure> {
    let text = Step::cargo(["metadata", "--format-version", "1", "--no-deps"]).quiet().output()?;
    Ok(serde_json::from_str(&text)?)
}

/// Where cargo puts what it builds.
///
/// # Errors
///
/// When cargo fails.
pub fn target_directory() -> Result<PathBuf, Failure> {
    let metadata = metadata()?;
    let folder = metadata.get("target_directory").and_then(Value::as_str);
    Ok(folder.map_or_else(|| root().join("target"), PathBuf::from))
}

/// A text file of the workspace.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Its path from the top of the workspace, with `/` between its parts.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl TextFile {
    /// What comes after the last dot of its name.
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

/// Every text file below `folder` (from the top of the workspace, `""` for all), in the order of
/// their paths. What is built, hidden folders but `.cargo`, `.ci` and `.config`, and files that are
/// not UTF-8 are left out.
///
/// # Errors
///
/// When a folder or file cannot be read.
pub fn text_files(folder: &str) -> Result<Vec<TextFile>, Failure> {
    let mut files = Vec::new();
    collect(&root(), &root().join(folder), &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<TextFile>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::about(folder))? {
        let entry = entry.map_err(Failure::about(folder))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(Failure::about(&path))?;
        if kind.is_dir() {
            let hidden = name.starts_with('.') && ![".cargo", ".ci", ".config"].contains(&&*name);
            if !hidden && name != "target" {
                collect(root, &path, files)?;
            }
        } else if kind.is_file() && name != ".git" {
            let bytes = fs::read(&path).map_err(Failure::about(&path))?;
            if let Ok(text) = String::from_utf8(bytes) {
                let path = path.strip_prefix(root).unwrap_or(&path);
                let path = path.to_string_lossy().replace('\\', "/");
                files.push(TextFile { path, text });
            }
        }
    }
    Ok(())
}
