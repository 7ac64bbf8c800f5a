//! The first stage: what the engine would be sent, and what is built from it.

use std::path::Path;

use anyhow::{Result, ensure};
use xshell::cmd;
use xtask::workspace;

use crate::deploy::dockerfile::Stage;

/// Copies the files that the ignore file leaves, and runs the commands of the stage on them. What
/// they install in `/image` is in `built` then. The program is not optimized, because it takes
/// minutes; the files are the same.
pub(super) fn build(stage: &Stage, built: &Path) -> Result<()> {
    let shell = workspace::shell()?;
    let target = workspace::metadata()?.target_directory.into_std_path_buf();
    let context = target.join("image");
    let ignored = shell.read_file("docs/deploy/Dockerfile.dockerignore")?;
    for pattern in ignored.lines() {
        let rest = pattern.strip_prefix("**/*").unwrap_or(pattern);
        let is_known = !rest.is_empty() && !rest.contains(['*', '?', '[', '!', '#', ' ']);
        ensure!(is_known, "this check does not know what {pattern:?} excludes");
    }
    let files = cmd!(shell, "git ls-files --cached --others --exclude-standard").read()?;
    let is_sent = |path: &&str| {
        shell.path_exists(path) && !ignored.lines().any(|pattern| excludes(pattern, path))
    };
    let files: Vec<_> = files.lines().filter(is_sent).collect();
    // With their times, so that cargo builds only what has changed.
    shell.remove_path(&context)?;
    shell.create_dir(&context)?;
    cmd!(shell, "cp --archive --parents {files...} {context}").quiet().run()?;

    ensure!(stage.one("COPY")? == ". .", "the stage does not copy everything");
    let commands =
        stage.one("RUN")?.split_whitespace().filter(|word| !word.starts_with("--mount="));
    let commands = commands.filter(|word| *word != "--release").collect::<Vec<_>>().join(" ");
    let program = format!("{}/debug/", target.display());
    let image = format!("{}/image", built.display());
    let commands = commands.replace("target/release/", &program).replace("/image", &image);
    shell.change_dir(&context);
    cmd!(shell, "sh -e -c {commands}").env("CARGO_TARGET_DIR", &target).run()?;
    Ok(())
}

/// Whether a pattern of the ignore file excludes a file: its path, a folder of it, or an ending anywhere.
fn excludes(pattern: &str, path: &str) -> bool {
    match pattern.strip_prefix("**/*") {
        Some(ending) => path.ends_with(ending),
        None => Path::new(path).starts_with(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_folder_or_ending_is_excluded() {
        for (pattern, path, expected) in [
            ("target", "target/debug/x", true),
            ("target", "fuzz/target/x", false),
            ("target", "targets.rs", false),
            ("LICENSE-MIT", "LICENSE-MIT", true),
            ("**/*.db", "some/contacts.db", true),
            ("**/*.db", "db/mod.rs", false),
        ] {
            assert_eq!(excludes(pattern, path), expected, "{pattern} {path}");
        }
    }
}
