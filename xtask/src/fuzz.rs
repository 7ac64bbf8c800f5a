//! `cargo xtask fuzz`: has libFuzzer look for bytes that break a promise, beginning with the corpus.
//!
//! `cargo fuzz` does the same with a nightly compiler, and with the address sanitizer. Our crates have
//! no unsafe code, so stable Rust with the counters of covered code finds what there is to find.

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use xshell::cmd;
use xtask::workspace;

/// The counters that libFuzzer reads, as cargo-fuzz asks for them.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table \
                        -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Look for bytes that break a promise, with libFuzzer (needs a C++ compiler)
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// How many seconds to spend on each target
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    seconds: u32,
    /// One target; without it all, which are the folders of `fuzz/corpus`
    #[arg(long, value_name = "TARGET")]
    only: Option<String>,
}

/// Checks that the lock file of the fuzzing programs, which are a workspace of their own, is current.
pub(crate) fn check_lock() -> Result<()> {
    let shell = workspace::shell()?;
    let options = ["--locked", "--format-version=1", "--manifest-path=fuzz/Cargo.toml"];
    Ok(cmd!(shell, "cargo metadata {options...}").ignore_stdout().run()?)
}

impl Fuzz {
    pub(crate) fn run(self) -> Result<()> {
        let shell = workspace::shell()?;
        let target = workspace::metadata()?.target_directory.into_std_path_buf();
        let host = &cmd!(shell, "rustc --print host-tuple").read()?;
        // With `--target`, so that build scripts and macros get no counters.
        let options = ["--release", "--target", host];
        cmd!(shell, "cargo build --manifest-path fuzz/Cargo.toml {options...}")
            .env("RUSTFLAGS", COVERAGE)
            .env("CARGO_TARGET_DIR", target.join("fuzz"))
            .run()?;
        let mut targets = Vec::new();
        for corpus in shell.read_dir("fuzz/corpus")? {
            let name = corpus.file_name().context("a corpus without a name")?;
            targets.push(name.to_string_lossy().into_owned());
        }
        if let Some(only) = &self.only {
            ensure!(targets.contains(only), "no such target; there are {}", targets.join(", "));
            targets.retain(|name| name == only);
        }
        let time = format!("-max_total_time={}", self.seconds);
        for name in targets {
            let found = target.join("fuzz/found").join(&name);
            shell.create_dir(&found)?;
            let artifacts = format!("-artifact_prefix=fuzz/corpus/{name}/");
            let program = target.join("fuzz").join(host).join("release").join(&name);
            let options = ["-timeout=10", "-max_len=65536", "-print_final_stats=1", "-verbosity=0"];
            cmd!(shell, "{program} {time} {artifacts} {options...} {found} fuzz/corpus/{name}")
                .run()?;
        }
        Ok(())
    }
}
