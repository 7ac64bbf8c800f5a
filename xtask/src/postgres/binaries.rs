//! Where the programs of the server are installed.

use std::cmp::Reverse;
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::command::Step;

/// The oldest version that the store works on.
pub(super) const OLDEST: u32 = 14;

/// The programs that are used; clients alone are not a server.
const PROGRAMS: [&str; 4] = ["initdb", "pg_basebackup", "pg_ctl", "postgres"];

/// Where systems keep them outside `PATH`: a folder, what its entries of interest begin with, and
/// the folder of programs in such an entry.
const PLACES: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // packages of the PostgreSQL project, by yum
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on Apple's processors
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel's
    ("/Library/PostgreSQL", "", "bin"),         // the installer for macOS
];

/// The programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    version: u32,
    folder: PathBuf,
}

impl Binaries {
    /// Those of `PATH`, or else those that `pg_config` knows, or else the newest of the places where
    /// systems keep them. Versions that are too old are passed over.
    ///
    /// # Errors
    ///
    /// When nothing but versions that are too old are there.
    pub(super) fn find() -> Result<Option<Self>, Failure> {
        let path = env::var_os("PATH").unwrap_or_default();
        Self::among(env::split_paths(&path).chain(pg_config()), &kept(&PLACES))
    }

    fn among(
        preferred: impl IntoIterator<Item = PathBuf>,
        kept: &[PathBuf],
    ) -> Result<Option<Self>, Failure> {
        let mut kept = kept.iter().filter_map(|folder| Self::of(folder)).collect::<Vec<_>>();
        kept.sort_by_key(|found| Reverse(found.version));
        let preferred = preferred.into_iter().filter_map(|folder| Self::of(&folder));
        let found = preferred.chain(kept).collect::<Vec<_>>();
        match (found.iter().find(|found| found.version >= OLDEST), found.first()) {
            (Some(usable), _) => Ok(Some(usable.clone())),
            (None, None) => Ok(None),
            (None, Some(old)) => Err(Failure::Postgres(format!(
                "{old} is too old: install version {OLDEST} or later"
            ))),
        }
    }

    /// The folder that they are in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Those in this folder, if it has all of them.
    fn of(folder: &Path) -> Option<Self> {
        if !PROGRAMS.iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let answer = Step::program(folder.join("postgres")).arguments(["--version"]).answer()?;
        Some(Self { version: major(&answer)?, folder: folder.to_owned() })
    }
}

impl fmt::Display for Binaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} of {}", self.version, self.folder.display())
    }
}

/// 15 from `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, 19 from `… 19beta1`.
fn major(answer: &str) -> Option<u32> {
    let (_, version) = answer.split_once("(PostgreSQL) ")?;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..end)?.parse().ok()
}

fn pg_config() -> Option<PathBuf> {
    Some(Step::program("pg_config").arguments(["--bindir"]).answer()?.trim().into())
}

/// The folders of programs in those places that exist.
fn kept(places: &[(&str, &str, &str)]) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (place, start, programs) in places {
        let entries = fs::read_dir(place).into_iter().flatten().flatten();
        let entries =
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
        folders.extend(entries.map(|entry| entry.path().join(programs)));
    }
    folders
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with the programs of that version, which say so.
    fn installed(parent: &Path, folder: &str, version: &str) -> PathBuf {
        let folder = parent.join(folder).join("bin");
        fs::create_dir_all(&folder).unwrap();
        for program in PROGRAMS {
            let file = folder.join(program);
            let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
            fs::write(&file, script).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn what_is_preferred_comes_first_then_the_newest() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let old = installed(root, "13", "13.4");
        let [nine, ten, beta] = [("9.6", "9.6.24"), ("15", "15.18 (Debian)"), ("16", "16beta1")]
            .map(|(folder, version)| installed(root, folder, version));
        let place = root.to_str().unwrap();
        let kept = kept(&[(place, "1", "bin"), (place, "none", "bin")]);
        let with = |version, folder: &PathBuf| Some(Binaries { version, folder: folder.clone() });

        let found = Binaries::among([root.to_owned(), ten.clone()], &kept);
        assert_eq!(found.unwrap(), with(15, &ten), "of the path");
        let found = Binaries::among([old.clone()], &kept);
        assert_eq!(found.unwrap(), with(16, &beta), "the path has but an old one");
        assert_eq!(Binaries::among([], &[]).unwrap(), None);
        let failure = Binaries::among([nine.clone()], &[old]).unwrap_err().to_string();
        let nine = nine.display();
        assert_eq!(
            failure,
            format!("PostgreSQL 9 of {nine} is too old: install version 14 or later")
        );
    }

    #[test]
    fn clients_alone_are_not_a_server() {
        let root = tempfile::tempdir().unwrap();
        let folder = installed(root.path(), "15", "15.18");
        fs::remove_file(folder.join("initdb")).unwrap();
        assert_eq!(Binaries::among([folder], &[]).unwrap(), None);
    }
}
