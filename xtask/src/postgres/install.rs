//! Installing the server where we may, and telling how where we may not.

use std::fs;

use super::account;
use super::binaries::{Binaries, OLDEST};
use crate::Failure;
use crate::command::{Step, say};

/// Installs the package without what it would leave running: the switch keeps it from making a
/// cluster, which would start now and with the machine.
const INSTALL_ON_DEBIAN: &str = "\
export DEBIAN_FRONTEND=noninteractive
switch=/etc/postgresql-common/createcluster.d/throwaway.conf
trap 'rm -f $switch' EXIT
mkdir -p ${switch%/*}
echo create_main_cluster = false >$switch
apt-get update
apt-get install --yes --no-install-recommends postgresql";

/// The command that installs it, by the id of the system in os-release(5).
const COMMANDS: [(&str, &str); 6] = [
    ("debian", "sudo apt-get install postgresql"),
    ("fedora", "sudo dnf install postgresql-server"),
    ("rhel", "sudo dnf install postgresql-server"),
    ("suse", "sudo zypper install postgresql-server"),
    ("arch", "sudo pacman -S postgresql"),
    ("alpine", "apk add postgresql"),
];

/// Installs it on Debian and its descendants such as Ubuntu, for root and who becomes root without
/// a password.
///
/// # Errors
///
/// Elsewhere, with the command that installs it; and when the installation fails.
pub(super) fn install() -> Result<Binaries, Failure> {
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let shell = if !is_descendant(&system, "debian") {
        None
    } else if account::is_root() {
        Some(Step::program("sh"))
    } else {
        let may = Step::program("sudo").arguments(["-n", "true"]).succeeds().unwrap_or(false);
        may.then(|| Step::program("sudo").arguments(["-n", "sh"]))
    };
    let Some(shell) = shell else {
        return Err(missing(&system));
    };
    say("PostgreSQL is not installed; installing it");
    shell.arguments(["-exc", INSTALL_ON_DEBIAN]).quiet().run()?;
    Binaries::find()?.ok_or_else(|| missing(&system))
}

fn missing(system: &str) -> Failure {
    let how = COMMANDS.iter().find(|(id, _)| is_descendant(system, id)).map(|(_, how)| *how);
    let how = how.or(cfg!(target_os = "macos").then_some("brew install postgresql"));
    let how = how.map_or_else(
        || "see https://www.postgresql.org/download".to_owned(),
        |how| format!("`{how}`"),
    );
    Failure::Postgres(format!(
        "no PostgreSQL {OLDEST} or later is installed: {how}, or name a server in {}",
        super::TEST_DATABASE_URL
    ))
}

/// Whether that os-release is of the system `id` or of one that is like it.
fn is_descendant(os_release: &str, id: &str) -> bool {
    let lines = os_release.lines().filter_map(|line| line.split_once('='));
    let mut lines = lines.filter(|(key, _)| ["ID", "ID_LIKE"].contains(key));
    lines.any(|(_, value)| value.trim_matches(['"', '\'']).split(' ').any(|word| word == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_told_with_the_command_that_installs_it() {
        for (system, how) in [
            ("ID=debian\n", "`sudo apt-get install postgresql`"),
            ("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", "`sudo apt-get install postgresql`"),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                "`sudo dnf install postgresql-server`",
            ),
            ("ID=alpine\n", "`apk add postgresql`"),
            ("ID=plan9\n", "see https://www.postgresql.org/download"),
        ] {
            let expected = format!(
                "no PostgreSQL 14 or later is installed: {how}, or name a server in TEST_DATABASE_URL"
            );
            assert_eq!(missing(system).to_string(), expected);
        }
    }
}
