//! The installed programs of the server: found, or installed where that is allowed.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::apt;

/// The variable that names a server to test on instead of a throwaway one.
pub const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// The oldest version that the store supports.
const OLDEST: u32 = 14;

/// The programs that are used. Where only clients are installed, some are missing.
const PROGRAMS: [&str; 4] = ["initdb", "pg_basebackup", "pg_ctl", "postgres"];

/// Where systems keep the programs outside `PATH`: a folder, how the names of its entries begin, and
/// the folder of programs in such an entry.
const PLACES: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // the PostgreSQL project's packages for yum
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on Apple's processors
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel's
    ("/Library/PostgreSQL", "", "bin"),         // the installer for macOS
];

/// Installs the package on Debian and Ubuntu. The configuration file keeps the package from creating
/// a cluster, which would start now and with the machine.
const INSTALL: &str = "\
switch=/etc/postgresql-common/createcluster.d/throwaway.conf
trap 'rm -f $switch' EXIT
mkdir -p ${switch%/*}
echo create_main_cluster = false >$switch
apt-get update
apt-get install --yes --no-install-recommends postgresql";

/// The programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) version: u32,
    pub(crate) folder: PathBuf,
}

impl Programs {
    /// Finds the programs of a supported version: the first on `PATH`, else the newest installed.
    /// Installs them on Debian and Ubuntu for root, and for a user with `sudo` without password.
    pub(crate) fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        eprintln!("no PostgreSQL is installed");
        apt::run(INSTALL);
        Self::find().with_context(|| {
            format!(
                "no PostgreSQL {OLDEST} or later is installed: install the package `postgresql` \
                 (`postgresql-server` on Fedora and openSUSE), or name a server in \
                 {TEST_DATABASE_URL}"
            )
        })
    }

    fn find() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        Self::choose(env::split_paths(&path), PLACES.iter().flat_map(|place| installed(*place)))
    }

    fn choose(
        path: impl Iterator<Item = PathBuf>,
        installed: impl Iterator<Item = PathBuf>,
    ) -> Option<Self> {
        let mut installed = installed.filter_map(Self::of).collect::<Vec<_>>();
        installed.sort_by_key(|found| Reverse(found.version));
        path.filter_map(Self::of).chain(installed).find(|found| found.version >= OLDEST)
    }

    /// The programs in this folder, if none is missing.
    fn of(folder: PathBuf) -> Option<Self> {
        if !PROGRAMS.iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { version, folder })
    }
}

/// 15 from `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, 19 from `… 19beta1`.
fn major(answer: &str) -> Option<u32> {
    let (_, version) = answer.split_once("(PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The folders of programs in that place.
fn installed((place, start, programs): (&str, &str, &str)) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    entries.map(|entry| entry.path().join(programs)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use std::path::Path;

    use super::*;

    /// A folder with programs that report that version.
    fn install(parent: &Path, folder: &str, version: &str) -> PathBuf {
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
    fn programs_on_path_come_before_newest() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let [old, fifteen, beta] = [("13", "13.4"), ("15", "15.18 (Debian)"), ("16", "16beta1")]
            .map(|(folder, version)| install(root, folder, version));
        let choose = |path: &PathBuf| {
            let place = (root.to_str().unwrap(), "1", "bin");
            Programs::choose([path.clone()].into_iter(), installed(place).into_iter())
        };
        assert_eq!(choose(&fifteen), Some(Programs { version: 15, folder: fifteen }));
        assert_eq!(choose(&old), Some(Programs { version: 16, folder: beta }), "13 is too old");
    }

    #[test]
    fn folder_of_clients_is_no_server() {
        let root = tempfile::tempdir().unwrap();
        let folder = install(root.path(), "15", "15.18");
        fs::remove_file(folder.join("initdb")).unwrap();
        assert_eq!(Programs::of(folder), None);
    }
}
