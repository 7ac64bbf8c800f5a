//! `cargo xtask clients`: generates clients from the API description as its users would, checks their
//! types, and sends the README's batch with each. Then it sends a stream of lines with clients of HTTP
//! that people use.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use server_process::{Launch, ServerProcess};
use xshell::{Shell, cmd};
use xtask::workspace;

use crate::installed::{PYTHON, copy_sources, install_python, is_current, require};
use crate::tool::release_server;

/// The programs that install and run the generators: a command that succeeds where one is there, and
/// the Debian packages that bring it.
const PROGRAMS: [(&[&str], &str); 4] = [
    PYTHON,
    (&["npm", "--version"], "nodejs npm"),
    (&["java", "-version"], "default-jre-headless"),
    (&["curl", "--version"], "curl"),
];

/// How many lines are streamed.
const STREAMED: usize = 100_000;

/// Generates the clients in `target/clients` and starts a release server for them.
pub(crate) fn run() -> Result<()> {
    for (command, packages) in PROGRAMS {
        require(command, packages)?;
    }
    let shell = copy_sources("clients")?;
    install(&shell)?;
    generate(&shell)?;

    let data = tempfile::tempdir()?;
    let server = Launch::new(&release_server()?, data.path()).start()?;
    shell.write_file("batch.json", readme_batch()?)?;
    let arguments = [&format!("http://{}", server.address()), server.token(), "batch.json"];
    cmd!(shell, "python/bin/python openapi_python_client.py {arguments...}").run()?;
    cmd!(shell, "python/bin/python openapi_generator.py {arguments...}").run()?;
    cmd!(shell, "node compiled/openapi_typescript.js {arguments...}").run()?;
    stream(&shell, &server)?;
    server.stop()
}

/// Sends a stream of which the answer is larger than what any buffer on the way takes, with clients
/// that send everything before they read anything. Each checks that its answer is complete.
fn stream(shell: &Shell, server: &ServerProcess) -> Result<()> {
    let line = |number| {
        format!(
            "{{\"externalId\":\"S{number}\",\"contactType\":\"PERSON\",\"lastName\":\"Abt\"}}\n"
        )
    };
    let lines: String = (0..STREAMED).map(line).collect();
    shell.write_file("lines.ndjson", lines)?;
    let (base, token) = (format!("http://{}", server.address()), server.token());
    let arguments = [base.as_str(), token, "lines.ndjson"];
    for library in ["requests", "httpx"] {
        cmd!(shell, "python/bin/python stream.py {library} {arguments...}").run()?;
    }
    cmd!(shell, "node stream.mjs {arguments...}").run()?;

    let url = format!("{base}/v1/contacts/batch?results=all");
    let token = format!("WEAL-TOKEN: {token}");
    let options = ["--silent", "--show-error", "--fail", "--request", "POST"];
    let headers = ["--header", &token, "--header", "Content-Type: application/x-ndjson"];
    let answer =
        cmd!(shell, "curl {options...} {headers...} --upload-file lines.ndjson {url}").read()?;
    let answered = answer.lines().count().saturating_sub(1);
    let is_complete = answer.lines().last().is_some_and(|last| last.contains("\"summary\""));
    ensure!(is_complete && answered == STREAMED, "curl has read {answered} results");
    Ok(())
}

/// Installs the generators, unless those of the same lists are there.
fn install(shell: &Shell) -> Result<()> {
    install_python(shell)?;
    if !is_current(shell, "package-lock.json", "node_modules/package-lock.json") {
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
