//! `compose.yaml`: by the schema of the Compose specification, and what that cannot say.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xshell::cmd;
use xtask::workspace;

use super::dockerfile::Stage;
use crate::installed::{PYTHON, copy_sources, install_python, require};

/// The program of Python that prints a YAML file as JSON.
const TO_JSON: &str = "import json, sys; from ruamel.yaml import YAML; \
                       json.dump(YAML(typ='safe').load(open(sys.argv[1])), sys.stdout)";

/// Checks the file against the image and the program.
pub(super) fn run(program: &Path, image: &Stage) -> Result<()> {
    require(PYTHON.0, PYTHON.1)?;
    let shell = copy_sources("deploy")?;
    install_python(&shell)?;
    let file = workspace::root().join("docs/deploy/compose.yaml");
    let schema = "vendor.compose-spec";
    cmd!(shell, "python/bin/check-jsonschema --builtin-schema {schema} {file}").run()?;
    let read = cmd!(shell, "python/bin/python -c {TO_JSON} {file}").quiet().read()?;
    let compose: Value = serde_json::from_str(&read)?;

    volumes(&compose)?;
    let volume = format!(":{}", image.one("VOLUME")?);
    let mut mounted = texts(&compose, "/services/server/volumes");
    ensure!(mounted.any(|mounted| mounted.ends_with(&volume)), "nothing is mounted at {volume}");
    let port = format!(":{}", image.one("EXPOSE")?);
    let mut ports = texts(&compose, "/services/server/ports");
    ensure!(ports.any(|published| published.ends_with(&port)), "the server is not at {port}");
    let folder = file.parent().context("a folder")?;
    let context = folder.join(text(&compose, "/services/server/build/context")?);
    let dockerfile = context.join(text(&compose, "/services/server/build/dockerfile")?);
    ensure!(dockerfile.exists(), "there is no {}", dockerfile.display());
    let awaited = text(&compose, "/services/server/depends_on/database/condition")?;
    ensure!(awaited == "service_healthy", "the server does not wait for the database");
    text(&compose, "/services/database/healthcheck/test/0")?;

    let [user, password, name] = ["USER", "PASSWORD", "DB"].map(|variable| {
        text(&compose, &format!("/services/database/environment/POSTGRES_{variable}"))
    });
    let url = format!("postgres://{}:{}@database/{}", user?, password?, name?);
    let used = text(&compose, "/services/server/environment/CONTACT_HUB_DATABASE_URL")?;
    ensure!(used.starts_with(&url), "the database is {url}, and the server uses {used}");
    settings(program, image, &compose)
}

/// Checks that each volume with a name is declared, and used.
fn volumes(compose: &Value) -> Result<()> {
    let keys = |pointer: &str| {
        let object = compose.pointer(pointer).and_then(Value::as_object);
        let keys = object.into_iter().flat_map(|object| object.keys().map(String::as_str));
        keys.collect::<BTreeSet<_>>()
    };
    let mut used = BTreeSet::new();
    for service in keys("/services") {
        let mounted = texts(compose, &format!("/services/{service}/volumes"));
        used.extend(mounted.filter_map(|mounted| mounted.split(':').next()));
    }
    let declared = keys("/volumes");
    ensure!(used == declared, "compose.yaml uses the volumes {used:?}, and declares {declared:?}");
    Ok(())
}

/// Has the program check the settings that its container has.
fn settings(program: &Path, image: &Stage, compose: &Value) -> Result<()> {
    let mut check = Command::new(program);
    // Nothing of the caller's shell.
    check.args(["config", "check"]).env_clear().envs(image.environment());
    let set = compose.pointer("/services/server/environment").and_then(Value::as_object);
    for (name, value) in set.context("the server has no variables")? {
        let value = value.as_str().with_context(|| format!("{name} is no text"))?;
        // As if the password were that.
        let begin = value.find("${").unwrap_or(value.len());
        let end = value.rfind('}').map_or(value.len(), |end| end + 1);
        let value = [value.get(..begin), Some("secret"), value.get(end..)];
        check.env(name, value.into_iter().flatten().collect::<String>());
    }
    let output = check.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn texts<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.with_context(|| format!("compose.yaml has no text at {pointer}"))
}
