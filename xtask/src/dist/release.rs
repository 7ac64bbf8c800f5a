//! What is released: a commit, built for a platform.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use xshell::{Shell, cmd};

/// What is released.
pub(super) struct Release {
    /// A shell at the top of its sources.
    pub(super) source: Shell,
    /// Its name with version and platform, of which the names of its files are made.
    pub(super) name: String,
    /// The platform, as Rust names it.
    pub(super) target: String,
    /// The packages that the program is built from on it.
    pub(super) metadata: Metadata,
    /// When it was committed, in seconds of Unix time.
    pub(super) time: u64,
}

impl Release {
    pub(super) fn of(source: &Shell) -> Result<Self> {
        let target = cmd!(source, "rustc --print host-tuple").read()?;
        let metadata = MetadataCommand::new()
            .manifest_path(source.current_dir().join("Cargo.toml"))
            .other_options(["--locked", "--filter-platform", &target].map(str::to_owned))
            .exec()?;
        let version = &program(&metadata)?.version;
        let name = format!("contact-hub-{version}-{target}");
        let time = cmd!(source, "git log --max-count=1 --format=%ct").read()?.parse()?;
        Ok(Self { source: source.clone(), name, target, metadata, time })
    }

    /// Builds the program, which names neither the folders of its sources nor those of cargo.
    pub(super) fn build(&self, folder: &Path) -> Result<PathBuf> {
        let built = folder.join("build");
        let cargo_home = match env::var_os("CARGO_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => env::home_dir().context("no home folder")?.join(".cargo"),
        };
        let source = self.source.current_dir();
        let hidden = [(&cargo_home, "/cargo"), (&built, "/build"), (&source, "/contact-hub")];
        let flags = |option: &str| {
            let flags = hidden.map(|(path, shown)| format!("{option}={}={shown}", path.display()));
            flags.join(" ")
        };
        let (shell, target) = (&self.source, &self.target);
        let options = ["--locked", "--release", "--package", "contact-hub"];
        cmd!(shell, "cargo build {options...} --target {target}")
            .env("CARGO_TARGET_DIR", &built)
            .env("RUSTFLAGS", flags("--remap-path-prefix"))
            .env("CFLAGS", flags("-ffile-prefix-map"))
            .env("SOURCE_DATE_EPOCH", self.time.to_string())
            .run()?;
        let program = built.join(target).join("release/contact-hub");
        let bytes = shell.read_binary_file(&program)?;
        for (path, _) in hidden {
            let path = path.to_string_lossy();
            let named = bytes.windows(path.len()).any(|window| window == path.as_bytes());
            ensure!(!named, "the program names {path}");
        }
        Ok(program)
    }
}

/// The package of the program.
pub(super) fn program(metadata: &Metadata) -> Result<&Package> {
    let program = metadata.packages.iter().find(|package| *package.name == "contact-hub");
    program.context("no package is called contact-hub")
}
