//! `HAProxy` in front of the servers.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use throwaway_postgres::apt;

/// The configuration to deploy with. Its addresses are replaced.
const CONFIGURATION: &str = include_str!("../../../../../docs/deploy/haproxy.cfg");

/// Longer than a change of a server takes to be noticed.
const LIMIT: Duration = Duration::from_secs(30);

/// A running `HAProxy` that is killed when dropped.
pub(super) struct Balancer {
    process: Child,
    address: SocketAddr,
    socket: PathBuf,
}

/// What `HAProxy` says of a server.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// `UP`, `DOWN`, or between them.
    pub(super) status: String,
    /// The result of the last check, such as `L7OK`.
    pub(super) check: String,
    /// How many requests it got.
    pub(super) requests: u64,
}

/// The version of `HAProxy`, which is installed if it is missing and that is possible.
pub(super) fn version() -> Option<String> {
    let ask = || {
        let printed = Command::new("haproxy").arg("-v").output().ok()?;
        let printed = String::from_utf8(printed.stdout).ok()?;
        printed.split(' ').nth(2).map(str::to_owned)
    };
    ask().or_else(|| {
        let install = "apt-get install --yes --no-install-recommends haproxy";
        apt::run(&format!("apt-get update\n{install}"));
        ask()
    })
}

impl Balancer {
    /// Starts it in front of these servers, and waits until it has found them ready.
    pub(super) fn start(folder: &Path, servers: &[SocketAddr]) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = folder.join("haproxy.sock");
        let mut configuration = CONFIGURATION
            .replace("/run/haproxy/admin.sock mode 660", &socket.display().to_string())
            .replace("bind :8080", &format!("bind {address}"));
        for (number, server) in (1..).zip(servers) {
            let stated = format!("10.0.0.1{number}:8080");
            ensure!(configuration.contains(&stated), "the configuration has no {stated}");
            configuration = configuration.replace(&stated, &server.to_string());
        }
        let file = folder.join("haproxy.cfg");
        fs::write(&file, configuration)?;
        let mut command = Command::new("haproxy");
        command.args(["-db", "-f"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(folder.join("haproxy.log"))?);
        eprintln!("$ {command:?}");
        let process = command.spawn().context("cannot run haproxy")?;
        let balancer = Self { process, address, socket };
        for server in 0..servers.len() {
            balancer.wait_for(server, "UP")?;
        }
        Ok(balancer)
    }

    /// Where clients connect to.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells it the new address of a server.
    pub(super) fn move_server(&self, server: usize, to: SocketAddr) -> Result<()> {
        let (name, ip, port) = (name(server), to.ip(), to.port());
        self.ask(&format!("set server hubs/{name} addr {ip} port {port}")).map(drop)
    }

    /// Waits until it gives a server that status. Returns how long that took.
    pub(super) fn wait_for(&self, server: usize, status: &str) -> Result<Duration> {
        let since = Instant::now();
        loop {
            let state = self.state(server);
            match &state {
                Ok(state) if state.status == status => return Ok(since.elapsed()),
                _ if since.elapsed() < LIMIT => thread::sleep(Duration::from_millis(20)),
                _ => bail!("server {} is not {status}: {state:?}", server + 1),
            }
        }
    }

    /// What it knows of a server.
    pub(super) fn state(&self, server: usize) -> Result<State> {
        let statistics = self.ask("show stat")?;
        let mut lines = statistics.lines();
        let names: Vec<_> =
            lines.next().unwrap_or_default().trim_start_matches("# ").split(',').collect();
        let name = name(server);
        let of_server = |line: &&str| line.starts_with(&format!("hubs,{name},"));
        let line = lines.find(of_server).context("HAProxy does not know the server")?;
        let value = |wanted: &str| {
            let place = names.iter().position(|name| *name == wanted);
            let value = place.and_then(|place| line.split(',').nth(place));
            value.with_context(|| format!("HAProxy does not tell {wanted}"))
        };
        Ok(State {
            status: value("status")?.to_owned(),
            // An asterisk says that the next one runs.
            check: value("check_status")?.trim_start_matches("* ").to_owned(),
            requests: value("stot")?.parse()?,
        })
    }

    fn ask(&self, question: &str) -> Result<String> {
        let mut socket = UnixStream::connect(&self.socket)?;
        socket.write_all(format!("{question}\n").as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn name(server: usize) -> String {
    format!("hub{}", server + 1)
}
