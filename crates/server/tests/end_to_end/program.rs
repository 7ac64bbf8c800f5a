//! The program under test, as a command or as a running server.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

pub(crate) const BATCH: &str = "/api-v1/contact/batch";

/// The program in a folder, with no variable of our environment but `PATH`.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-hub"));
    command.current_dir(folder).env_clear();
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null());
    command
}

/// Runs the program until it ends.
pub(crate) fn run<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Output {
    program(folder).args(arguments).output().unwrap()
}

/// Runs a command that has to succeed. Returns its output without the last line feed.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}

/// A running server, killed when dropped.
pub(crate) struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    /// The log, if it is a pipe to us.
    pub(crate) errors: BufReader<Box<dyn Read + Send + Sync>>,
    /// What it printed before the line `listening on`.
    pub(crate) greeting: String,
    pub(crate) address: SocketAddr,
    agent: Agent,
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Server {
    /// Starts a server in the folder, on a free port, and waits until it listens.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[], &[])
    }

    /// Starts a server with further arguments and variables.
    pub(crate) fn start_with(
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = program(folder);
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        command.envs(variables.iter().copied());
        Self::spawn(command.stderr(Stdio::piped()))
    }

    /// Starts the program without arguments.
    pub(crate) fn start_bare(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = program(folder);
        command.envs(variables.iter().copied());
        Self::spawn(command.stderr(Stdio::piped()))
    }

    /// Starts the command, which serves, and waits until it listens.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let errors: Box<dyn Read + Send + Sync> = match process.stderr.take() {
            Some(errors) => Box::new(errors),
            None => Box::new(io::empty()),
        };
        let errors = BufReader::new(errors);
        let mut greeting = String::new();
        let address = loop {
            let mut line = String::new();
            let ended = output.read_line(&mut line).unwrap() == 0;
            assert!(!ended, "the server ended: {greeting}{:?}", errors.lines().collect::<Vec<_>>());
            match line
                .trim_end()
                .strip_prefix("listening on http")
                .map(|rest| rest.split_once("://"))
            {
                Some(Some((_, address))) => break address.parse().unwrap(),
                _ => greeting.push_str(&line),
            }
        };
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Self { process, output, errors, greeting, address, agent: agent.new_agent() }
    }

    /// The token of the first run, if it printed the path of one.
    pub(crate) fn first_token(&self) -> Option<String> {
        let path = self.greeting.lines().find_map(|line| line.strip_prefix("  /"))?;
        Some(fs::read_to_string(format!("/{path}")).unwrap().trim_end().to_owned())
    }

    /// Sends a batch.
    pub(crate) fn batch(&self, token: &str, body: &str) -> Answer {
        self.post(BATCH, &[("WEAL-TOKEN", token)], body)
    }

    /// `POST`s JSON with these headers.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.agent.post(url);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body).unwrap())
    }

    /// Sends what a `curl` command would send. A shell splits the command, so that it works when
    /// pasted; curl itself need not be installed.
    pub(crate) fn curl(&self, command: &str) -> Answer {
        let words = words(command);
        let after = |flag: &str| {
            let places = words.iter().enumerate().filter(|(_, word)| *word == flag);
            places.map(|(at, _)| words[at + 1].as_str()).collect::<Vec<_>>()
        };
        let path = words[0].strip_prefix(&format!("http://{}", self.address)).expect("our address");
        let headers = after("-H").into_iter().map(|header| header.split_once(": ").unwrap());
        let body = after("-d").first().copied().unwrap_or_default();
        self.post(path, &headers.collect::<Vec<_>>(), body)
    }

    /// `GET`s a path.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        let url = format!("http://{}{path}", self.address);
        answer(self.agent.get(url).header("weal-token", token).call().unwrap())
    }

    /// The body of an answer that is not JSON.
    pub(crate) fn text(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        self.agent.get(url).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until it ends.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let status = self.process.wait().unwrap();
        let mut rest = String::new();
        while self.output.read_line(&mut rest).unwrap() > 0 {}
        status
    }

    /// Sends SIGTERM and waits until it ends.
    pub(crate) fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The arguments of `curl`, split by a shell.
fn words(line: &str) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{line}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// A folder, a server in it, and its first token.
pub(crate) fn served() -> (TempDir, Server, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let token = server.first_token().expect("a first token");
    (folder, server, token)
}

/// A batch of people with these external ids.
pub(crate) fn people(ids: impl IntoIterator<Item = u32>) -> String {
    let items = ids.into_iter().map(|id| {
        serde_json::json!({
            "contactType": "PERSON",
            "externalId": format!("ERP-{id}"),
            "lastName": format!("Rochat {id}"),
        })
    });
    Value::Array(items.collect()).to_string()
}

/// The member at the pointer in each item of an answer.
pub(crate) fn each<'a>(answer: &'a Answer, pointer: &str) -> Vec<&'a Value> {
    let items = answer.body["items"].as_array().expect("items");
    items.iter().map(|item| item.pointer(pointer).unwrap_or(&Value::Null)).collect()
}

/// What answers the same items when they are sent again.
pub(crate) fn unchanged(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for item in body["items"].as_array_mut().expect("items") {
        item["freshRow"]["verdict"] = "unchanged".into();
        item["freshRow"]["matchedBy"] = "externalId".into();
    }
    body
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string().unwrap();
    Answer { status, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
}
