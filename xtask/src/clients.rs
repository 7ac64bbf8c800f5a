//! `cargo xtask clients`: generates clients from the API description as its users would, checks their
//! types, and sends the README's batch with each.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use server_process::Launch;
use xshell::{Shell, cmd};
use xtask::workspace;

use crate::installed::require;
use crate::tool::release_server;

/// The programs that install and run the generators: a command that succeeds where one is there, and
/// the Debian packages that bring it.
const PROGRAMS: [(&[&str], &str); 3] = [
    (&["python3", "-c", "import ensurepip, venv"], "python3-venv"),
    (&["npm", "--version"], "nodejs npm"),
    (&["java", "-version"], "default-jre-headless"),
];

/// Generates the clients in `target/clients` and starts a release server for them.
pub(crate) fn run() -> Result<()> {
    for (command, packages) in PROGRAMS {
        require(command, packages)?;
    }
    let folder = workspace::metadata()?.target_directory.join("clients").into_std_path_buf();
    let shell = copy_sources(&folder)?;
    install(&shell)?;
    generate(&shell)?;

    let data = tempfile::tempdir()?;
    let server = Launch::new(&release_server()?, data.path()).start()?;
    shell.write_file("batch.json", readme_batch()?)?;
    let arguments = [&format!("http://{}", server.address()), server.token(), "batch.json"];
    cmd!(shell, "python/bin/python openapi_python_client.py {arguments...}").run()?;
    cmd!(shell, "python/bin/python openapi_generator.py {arguments...}").run()?;
    cmd!(shell, "node compiled/openapi_typescript.js {arguments...}").run()?;
    server.stop()
}

/// Copies `tools/clients` to where clients are generated. Returns a shell there.
fn copy_sources(folder: &Path) -> Result<Shell> {
    let shell = workspace::shell()?;
    shell.create_dir(folder)?;
    for source in shell.read_dir("tools/clients")? {
        shell.copy_file(source, folder)?;
    }
    shell.change_dir(folder);
    Ok(shell)
}

/// Installs the generators, unless those of the same lists are there.
fn install(shell: &Shell) -> Result<()> {
    let is_current =
        |list: &str, installed: &str| shell.read_file(list).ok() == shell.read_file(installed).ok();
    if !is_current("requirements.txt", "python/requirements.txt") {
        cmd!(shell, "python3 -m venv --clear python").run()?;
        cmd!(shell, "python/bin/pip install --quiet --requirement requirements.txt").run()?;
        shell.copy_file("requirements.txt", "python")?;
    }
    if !is_current("package-lock.json", "node_modules/package-lock.json") {
        cmd!(shell, "npm ci --ignore-scripts").run()?;
        shell.copy_file("package-lock.json", "node_modules")?;
    }
    Ok(())
}

/// Generates each client and checks the types of the first two.
fn generate(shell: &Shell) -> Result<()> {
    let description = workspace::root().join("docs/api/openapi.json");
    let from = ["--path".as_ref(), description.as_os_str()];
    let to = ["--overwrite", "--meta", "none", "--output-path", "contact_hub_client"];
    let generate = "generate";
    cmd!(
        shell,
        "python/bin/openapi-python-client {generate} --config config.yaml {from...} {to...}"
    )
    .run()?;
    cmd!(shell, "python/bin/mypy contact_hub_client openapi_python_client.py").run()?;

    cmd!(shell, "node_modules/.bin/openapi-typescript {description} --output contact_hub.ts")
        .run()?;
    cmd!(shell, "node_modules/.bin/tsc").run()?;

    let options = ["--generator-name", "python", "--package-name", "contact_hub"];
    let from = ["--input-spec".as_ref(), description.as_os_str()];
    cmd!(
        shell,
        "python/bin/openapi-generator-cli {generate} {options...} {from...} --output generated"
    )
    .ignore_stdout()
    .run()?;
    Ok(())
}

/// The body of the README's first request.
fn readme_batch() -> Result<String> {
    let readme = fs::read_to_string(workspace::root().join("README.md"))?;
    let body = readme.split_once("-d '").and_then(|(_, rest)| rest.split_once('\''));
    Ok(body.context("README.md has no request with -d '…'")?.0.to_owned())
}
