//! Who the server runs as: PostgreSQL refuses to run as root.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::command::Step;

/// Accounts that root steps down to, the one with the least to lose first.
const NAMES: [&str; 2] = ["nobody", "postgres"];

/// An account without privileges, to step down to.
#[derive(Debug)]
pub(super) struct Account {
    name: &'static str,
    user: u32,
    group: u32,
}

impl Account {
    /// Whom to step down to; `None` when we are not root.
    ///
    /// # Errors
    ///
    /// When we are root and there is nobody to step down to.
    pub(super) fn unprivileged() -> Result<Option<Self>, Failure> {
        if !is_root() {
            return Ok(None);
        }
        let known = NAMES.iter().find_map(|&name| {
            Some(Self { name, user: id(&["-u", name])?, group: id(&["-g", name])? })
        });
        known.map(Some).ok_or_else(|| {
            let [first, second] = NAMES;
            Failure::Postgres(format!(
                "it does not run as root, and there is no account `{first}` or `{second}` to run it"
            ))
        })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// Hands a file or folder over.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn own(&self, path: &Path) -> Result<(), Failure> {
        let Self { user, group, .. } = self;
        #[cfg(unix)]
        std::os::unix::fs::chown(path, Some(*user), Some(*group)).map_err(Failure::about(path))?;
        #[cfg(not(unix))]
        let _ = (path, user, group);
        Ok(())
    }

    /// Makes the command run as this account, in no other group than its own.
    pub(super) fn run(&self, command: &mut Command) {
        let Self { user, group, .. } = self;
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.uid(*user).gid(*group);
        }
        #[cfg(not(unix))]
        let _ = (command, user, group);
    }
}

/// Whether we are root.
pub(super) fn is_root() -> bool {
    cfg!(unix) && id(&["-u"]) == Some(0)
}

fn id(arguments: &[&str]) -> Option<u32> {
    Step::program("id").arguments(arguments.iter().copied()).answer()?.trim().parse().ok()
}
