//! `cargo xtask browser`: opens the pages of a release server in headless Chromium, which reaches
//! nothing but that server, looks at what they show and ask for, and tries an operation out.

mod devtools;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use server_process::Launch;
use xshell::cmd;
use xtask::workspace;

use self::devtools::Page;
use crate::installed::require;
use crate::tool::release_server;

/// The pages, and what each shows when its scripts have run.
const PAGES: [(&str, &[&str]); 2] = [
    ("/", &["contact-hub", "ready", "href=\"docs\""]),
    ("/docs", &["Modify batch of contacts", "opblock opblock-post", "Authorize"]),
];

/// What somebody does who tries an operation out.
const TRY_IT_OUT: &str = include_str!("browser/try_it_out.js");

/// Opens each page; the pictures are in `target/browser`.
pub(crate) fn run() -> Result<()> {
    require(&["chromium", "--version"], "chromium")?;
    let folder = workspace::metadata()?.target_directory.join("browser").into_std_path_buf();
    fs::create_dir_all(&folder)?;
    let data = tempfile::tempdir()?;
    let server = Launch::new(&release_server()?, data.path()).start()?;
    let origin = format!("http://{}", server.address());
    for (path, shown) in PAGES {
        let name = path.trim_start_matches('/');
        let name = if name.is_empty() { "index" } else { name };
        let page = open(&format!("{origin}{path}"), &folder, name)?;
        for part in shown {
            ensure!(page.contains(part), "{path} does not show `{part}`");
        }
        check_requests(&folder.join(format!("{name}.json")), &origin, path)?;
    }
    try_out(&origin, server.token(), &folder.join("try-it-out.json"))?;
    server.stop()
}

/// Authorizes on the page of the reference, executes an operation there, and sees its answer.
fn try_out(origin: &str, token: &str, log: &Path) -> Result<()> {
    let profile = tempfile::tempdir()?;
    let mut arguments = arguments(profile.path());
    arguments.push(format!("--log-net-log={}", log.display()));
    let mut page = Page::open(&arguments, &format!("{origin}/docs"))?;
    let [token, operation] = [token, "native-getOrganization"].map(|text| format!("{text:?}"));
    let answer = page.run(&format!("({TRY_IT_OUT})({token}, {operation})"))?;
    let (status, body) = answer.split_once(' ').context("a status and a body")?;
    let organization: Value = serde_json::from_str(body).with_context(|| answer.clone())?;
    let is_right = status == "200" && organization.get("id") == Some(&Value::from(1));
    ensure!(is_right, "/docs shows the answer {answer}");
    page.close()?;
    check_requests(log, origin, "/docs")
}

/// Opens a page. Returns its elements when its scripts have run, and leaves its picture and the log of
/// the network in the folder.
fn open(url: &str, folder: &Path, name: &str) -> Result<String> {
    let shell = workspace::shell()?;
    shell.change_dir(folder);
    let profile = tempfile::tempdir()?;
    let mut common = arguments(profile.path());
    common.push("--virtual-time-budget=20000".to_owned());
    let common = &common;
    cmd!(shell, "chromium {common...} --screenshot={name}.png {url}").ignore_stderr().run()?;
    let page = cmd!(shell, "chromium {common...} --log-net-log={name}.json --dump-dom {url}");
    Ok(page.ignore_stderr().read()?)
}

/// The arguments of every start of Chromium, which reaches nothing but this machine.
fn arguments(profile: &Path) -> Vec<String> {
    vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
        "--window-size=1200,1600".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ]
}

/// Checks that a page asked for something, and for nothing elsewhere.
fn check_requests(log: &Path, origin: &str, path: &str) -> Result<()> {
    let asked = requests(log, origin)?;
    ensure!(!asked.is_empty(), "{path} asks for nothing: is the log of another format?");
    let elsewhere = asked.iter().find(|url| !url.starts_with(&format!("{origin}/")));
    ensure!(elsewhere.is_none(), "{path} asks for {elsewhere:?}");
    Ok(())
}

/// The addresses that a page of the origin asked for, of Chromium's log of network events. Chromium
/// itself asks for others.
fn requests(log: &Path, origin: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(log).with_context(|| log.display().to_string())?;
    let log: Value = serde_json::from_str(&text)?;
    let events = log.get("events").and_then(Value::as_array).context("a log of events")?;
    let asked = events.iter().map(|event| &event["params"]);
    let asked = asked.filter(|asked| asked["initiator"] == origin);
    Ok(asked.filter_map(|asked| asked["url"].as_str()).map(str::to_owned).collect())
}
