//! A disk that is full.

use std::fs::{self, File, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use postgres::Client;
use tempfile::TempDir;
use xtask::Failure;
use xtask::command::Step;

use crate::database::{self, Database, postgres_failed};
use crate::plan::{Kind, Plan};
use crate::site::{Needs, Site, Store, on_a_new_site};
use crate::writers::{Load, Tolerance};
use crate::{Seen, Setting};

pub(crate) const CLAIM: &str = "\
The disk under the database is filled to the brim while batches arrive, and room is made again.
Meanwhile they are answered 503 with Retry-After, and nothing else; nothing that was acknowledged is
lost; and service is back by itself when there is room.";

const PLAN: Plan =
    Plan { writers: 4, first_writer: 0, shared: 0..100, private: 20, kind: Kind::Mixed };

/// Batches that are to be acknowledged before the disk is filled, and after. Few: a log of SQLite
/// that has grown to its full length needs no more room.
const BATCHES: u64 = 20;

/// The size of the disk: more than an empty database of PostgreSQL and a log of SQLite take.
const SIZE: &str = "96m";

/// Prove it.
pub(crate) fn prove(setting: &Setting<'_>) -> Result<Seen, Failure> {
    let owner = match setting.store {
        Store::Sqlite => None,
        Store::Postgres => {
            let folder = setting.postgres()?.folder().to_owned();
            Some(fs::metadata(&folder).map_err(Failure::about(folder))?)
        }
    };
    let disk = match Disk::mount(owner.as_ref()) {
        Ok(disk) => disk,
        Err(failure) => {
            return Ok(Seen::NotHere(format!("it takes root to mount a disk: {failure}")));
        }
    };
    let place = Some(disk.path());
    let needs = Needs { setting, name: "disk", servers: 1, arguments: &[], place, standby: None };
    on_a_new_site(&needs, |site| fill(setting, site, &disk))
}

fn fill(setting: &Setting<'_>, site: &Site, disk: &Disk) -> Result<Seen, Failure> {
    let rounds = if setting.is_short { 2 } else { 3 };
    let load = Load {
        plan: PLAN,
        seed: setting.seed,
        doors: &site.doors,
        token: site.token(),
        tolerance: Tolerance { unavailable: true, broken: false },
        witness: None,
    };
    // Whoever looks at the contacts as they were has all their versions kept: so every change needs
    // room, and none is made by removing what nobody sees any more.
    let _onlooker = match &site.database {
        Database::Sqlite(_) => None,
        Database::Postgres(url) => Some(onlooker(url)?),
    };
    let mut refusals = 0;
    let history = load.run(|progress| {
        for _ in 0..rounds {
            progress.wait_for_acknowledgements(BATCHES)?;
            let filler = disk.fill()?;
            progress.wait_for_refusals(BATCHES)?;
            fs::remove_file(&filler).map_err(Failure::about(filler))?;
        }
        progress.wait_for_acknowledgements(BATCHES)?;
        refusals = progress.refusals();
        Ok(())
    })?;
    let rows = site.database.rows()?;
    let summary = history.check(PLAN.keys(), &rows, setting.store.isolation())?;
    Ok(Seen::Proved(vec![format!(
        "full {rounds} times; {refusals} requests answered 503; {} items in {} batches \
         acknowledged, {} of them after one or more sendings without; {} contacts",
        summary.items,
        summary.batches,
        summary.doubtful,
        rows.len(),
    )]))
}

/// A connection that goes on seeing the contacts as they are now.
fn onlooker(url: &str) -> Result<Client, Failure> {
    let mut client = database::connect(url)?;
    let look = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM contact";
    client.batch_execute(look).map_err(postgres_failed)?;
    Ok(client)
}

/// A small disk in memory.
struct Disk(TempDir);

impl Disk {
    /// Mounts one, for the owner of those files.
    fn mount(owner: Option<&Metadata>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("contact-hub-disk-").tempdir()?;
        let mut options = format!("size={SIZE},mode=0700");
        #[cfg(unix)]
        if let Some(owner) = owner {
            use std::os::unix::fs::MetadataExt;
            options += &format!(",uid={},gid={}", owner.uid(), owner.gid());
        }
        let path = folder.path().display().to_string();
        Step::program("mount").arguments(["-t", "tmpfs", "-o", &options, "tmpfs", &path]).run()?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room; the file that takes it.
    fn fill(&self) -> Result<PathBuf, Failure> {
        let path = self.path().join("filler");
        let mut file = File::create(&path).map_err(Failure::about(&path))?;
        // In ever smaller pieces, until not a byte goes in.
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
        let path = self.path().display().to_string();
        // Lazily: whoever still has a file open there may keep it.
        let _ = Step::program("umount").arguments(["--lazy", &path]).quiet().run();
    }
}
