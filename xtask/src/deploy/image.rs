//! The image, made as the Dockerfile says, but without an engine: in a folder that becomes the root
//! folder of the server.

mod context;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};
use xtask::workspace;

use super::dockerfile::Stage;

/// The image that ours begins with. It is not downloaded: what is needed of it is written here.
const BASE: &str = "gcr.io/distroless/cc-debian12:nonroot";

/// Its libraries, beside the loader.
const LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];

/// The id of its user `nonroot`, and of the group.
const USER: &str = "65532";

/// The variable with the address to listen on.
const LISTEN: &str = "CONTACT_HUB_LISTEN";

/// Where programs are searched in it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Does what the first stage does, fills a root folder as the second does, and runs the server in it:
/// with the user, the variables and the commands of the image.
pub(super) fn run(build: &Stage, image: &Stage) -> Result<()> {
    let shell = workspace::shell()?;
    let folder = tempfile::tempdir()?;
    let (built, root) = (folder.path().join("built"), folder.path().join("root"));
    context::build(build, &built)?;

    ensure!(image.one("FROM")? == BASE, "the image does not begin with {BASE}");
    ensure!(image.all("USER").count() == 0, "the image has another user than {BASE}");
    let is_root = cmd!(shell, "id -u").read()? == "0";
    cmd!(shell, "install --directory --mode=1777 {root}/tmp").run()?;
    for copied in image.all("COPY") {
        copy(&shell, copied, [&built, &root], is_root)?;
    }
    let entry = image.command("ENTRYPOINT")?.concat();
    let places = PATH.split(':').map(|place| inside(&root, place).join(&entry));
    let program = places.into_iter().find(|program| program.exists());
    copy_libraries(&shell, &program.with_context(|| format!("there is no {entry}"))?, &root)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let path = root.join("usr/share/doc/contact-hub").join(licence);
        ensure!(path.exists(), "the image lacks {licence}");
    }
    if is_root {
        return Container { image, root }.run();
    }
    eprintln!("NOT TRIED HERE: only root may run the server in the root folder of the image");
    Ok(())
}

/// Where a path of the image is.
fn inside(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Copies what an instruction `COPY` names from the first folder to the second.
fn copy(shell: &Shell, copied: &str, [from, to]: [&Path; 2], is_root: bool) -> Result<()> {
    let words: Vec<_> = copied.split_whitespace().collect();
    let [options @ .., source, target] = words.as_slice() else { anyhow::bail!("COPY {copied}") };
    let (source, target) = (inside(from, source), inside(to, target));
    cmd!(shell, "cp --archive --no-target-directory {source} {target}").run()?;
    for option in options {
        match *option {
            "--from=build" => {}
            "--chown=nonroot:nonroot" if !is_root => {}
            "--chown=nonroot:nonroot" => {
                cmd!(shell, "chown --recursive {USER}:{USER} {target}").run()?;
            }
            other => anyhow::bail!("COPY has the option {other}"),
        }
    }
    Ok(())
}

/// Copies the libraries of a program, all of which the base image has to hold.
fn copy_libraries(shell: &Shell, program: &Path, root: &Path) -> Result<()> {
    for line in cmd!(shell, "ldd {program}").read()?.lines() {
        let path = line.split_whitespace().find(|word| word.starts_with('/'));
        let Some(path) = path else { continue };
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_there = LIBRARIES.contains(&name) || name.starts_with("ld-linux");
        ensure!(is_there, "{BASE} lacks {name}");
        let target = inside(root, path);
        shell.create_dir(target.parent().context("a library is in a folder")?)?;
        shell.copy_file(path, target)?;
    }
    Ok(())
}

/// What an engine would make of the image.
struct Container<'i> {
    image: &'i Stage,
    root: PathBuf,
}

impl Container<'_> {
    /// Makes the schema, starts the server, waits until it listens, asks for its health, stops it.
    fn run(&self) -> Result<()> {
        let everywhere = (LISTEN, &*format!("0.0.0.0:{}", self.image.one("EXPOSE")?));
        let is_exposed = self.image.environment().any(|set| set == everywhere);
        ensure!(is_exposed, "the server does not listen where EXPOSE says");
        let entry = self.image.command("ENTRYPOINT")?;
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let migrated =
            self.command(&[&entry[..], &["migrate".to_owned()]].concat(), &listen)?.output()?;
        ensure!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));

        let log = self.root.join("log");
        let mut server = self.command(&[entry, self.image.command("CMD")?].concat(), &listen)?;
        server.stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut server = Killed(server.spawn()?);
        let output = server.0.stdout.take().context("no standard output")?;
        let mut output = BufReader::new(output).lines();
        let listening = format!("listening on http://{listen}");
        let listens = output.any(|line| line.is_ok_and(|line| line == listening));
        ensure!(listens, "the server does not listen: {}", fs::read_to_string(&log)?);
        let health = self.command(&self.image.command("HEALTHCHECK")?, &listen)?.output()?;
        ensure!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));
        let kill = format!("kill -TERM {}", server.0.id());
        Command::new("sh").args(["-c", &kill]).status()?;
        ensure!(server.0.wait()?.success(), "{}", fs::read_to_string(&log)?);
        let volume = inside(&self.root, self.image.one("VOLUME")?);
        ensure!(fs::read_dir(volume)?.next().is_some(), "the server writes beside the volume");
        Ok(())
    }

    /// A command in the root folder, as the user, with the variables, in the working folder.
    fn command(&self, command: &[String], listen: &str) -> Result<Command> {
        let mut inside = Command::new("unshare");
        inside.env_clear().env("PATH", PATH).envs(self.image.environment());
        // In a container, nothing but the engine reaches the server; here, only loopback may.
        inside.env(LISTEN, listen).stdin(Stdio::null());
        inside.arg("--root").arg(&self.root).args(["--wd", self.image.one("WORKDIR")?]);
        inside.args(["--setuid", USER, "--setgid", USER]).args(command);
        eprintln!("$ {inside:?}");
        Ok(inside)
    }
}

/// A process that is killed when dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
