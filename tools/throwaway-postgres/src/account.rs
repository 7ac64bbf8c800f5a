//! The account that the server runs as: PostgreSQL refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

/// `nobody`, which root runs the server as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nobody {
    user: u32,
    group: u32,
}

impl Nobody {
    /// `None` if the caller is not root: then the server runs as the caller.
    pub(crate) fn for_root() -> Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        let id = |kind| id(&[kind, "nobody"]).context("root needs the account `nobody`");
        Ok(Some(Self { user: id("-u")?, group: id("-g")? }))
    }

    /// Gives it a file or folder.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        chown(path, Some(self.user), Some(self.group)).with_context(|| path.display().to_string())
    }

    /// Runs the command as this account.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

pub(crate) fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
