//! A disk that is full.

use std::fs::{self, File, Metadata};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use postgres::Client;
use tempfile::TempDir;

use crate::database::{Database, connect};
use crate::load::{Kind, Load, Plan};
use crate::setting::{Outcome, Setting, Store};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
The disk of the database is filled completely while batches arrive, and emptied again. Meanwhile every
answer is 503 with Retry-After, that of /readyz too; nothing that was acknowledged is lost; and the server works again by
itself once there is room.";

const PLAN: Plan =
    Plan { writers: 4, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// How many batches have to be acknowledged before the disk is filled, and after. Few, because the log
/// of SQLite needs no more room once it has grown to its full length.
const BATCHES: u64 = 20;

/// The size of the disk: more than an empty database of PostgreSQL and a log of SQLite need.
const SIZE: &str = "96m";

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let owner = match setting.store {
        Store::Sqlite => None,
        Store::Postgres => {
            let folder = setting.postgres()?.folder().to_owned();
            Some(fs::metadata(&folder).with_context(|| folder.display().to_string())?)
        }
    };
    let disk = match Disk::mount(owner.as_ref()) {
        Ok(disk) => disk,
        Err(error) => {
            return Ok(Outcome::Skipped(format!("only root may mount a disk: {error:#}")));
        }
    };
    let needs = Needs { place: Some(disk.path()), ..Needs::new(setting, "disk", 1) };
    on_new_site(&needs, |site| fill(setting, site, &disk))
}

fn fill(setting: &Setting<'_>, site: &Site, disk: &Disk) -> Result<Outcome> {
    let rounds = if setting.is_short { 2 } else { 3 };
    let mut load = Load::new(site, PLAN, setting.seed);
    load.may_be_unavailable = true;
    // An open snapshot keeps old versions of rows, so that every change needs room.
    let _snapshot = match &site.database {
        Database::Sqlite(_) => None,
        Database::Postgres(url) => Some(open_snapshot(url)?),
    };
    let mut refusals = 0;
    let history = load.run(|progress| {
        for _ in 0..rounds {
            progress.wait_for_acknowledgements(BATCHES)?;
            let filler = disk.fill()?;
            progress.wait_for_refusals(BATCHES)?;
            let unready = site.check_unready();
            fs::remove_file(&filler).with_context(|| filler.display().to_string())?;
            unready?;
        }
        progress.wait_for_acknowledgements(BATCHES)?;
        refusals = progress.refusals();
        Ok(())
    })?;
    let summary = site.check(&history, PLAN.keys())?;
    Ok(Outcome::Proved(vec![format!(
        "full {rounds} times; {refusals} requests answered 503; {summary}"
    )]))
}

fn open_snapshot(url: &str) -> Result<Client> {
    let mut client = connect(url)?;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM contact")?;
    Ok(client)
}

/// A small disk in memory.
struct Disk(TempDir);

impl Disk {
    /// Mounts one that belongs to the owner of those files.
    fn mount(owner: Option<&Metadata>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("contact-hub-disk-").tempdir()?;
        let mut options = format!("size={SIZE},mode=0700");
        if let Some(owner) = owner {
            options += &format!(",uid={},gid={}", owner.uid(), owner.gid());
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        ensure!(mount.status()?.success(), "`mount` failed");
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills the disk with a file.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.path().join("filler");
        let mut file = File::create(&path).with_context(|| path.display().to_string())?;
        // In smaller and smaller pieces, until not even a byte fits.
        let mut piece = vec![0; 1 << 20];
        while !piece.is_empty() {
            if file.write_all(&piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
        Ok(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, because a process may still have a file open there.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
