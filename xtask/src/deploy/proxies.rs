//! Proxies in front of a server: each passes the lines of a stream on as they come.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use server_process::Launch;
use xtask::workspace;

/// The server in the snippets.
const SERVER: &str = "127.0.0.1:8080";

/// How long a proxy may take to start, and to pass a line on.
const TIME: Duration = Duration::from_secs(10);

/// Sends a stream through each proxy.
pub(super) fn run(program: &Path) -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Launch::new(program, data.path()).start()?;
    let folder = tempfile::tempdir()?;
    let address = server.address().to_string();
    let mut nginx = Proxy::start(|port| nginx(folder.path(), &address, port))?;
    nginx.stream("one", server.token()).context("nginx passes no stream")?;
    if has_full_duplex()? {
        let mut caddy = Proxy::start(|port| caddy(folder.path(), &address, port))?;
        caddy.stream("two", server.token()).context("Caddy passes no stream")?;
    } else {
        eprintln!("NOT TRIED HERE: Caddy 2.7 or later is not installed");
    }
    server.stop()
}

/// The command that runs nginx with the snippet, which also listens without TLS on that port.
fn nginx(folder: &Path, server: &str, port: u16) -> Result<Command> {
    let key = rcgen::generate_simple_self_signed(["contacts.example.org".to_owned()])?;
    let (certificate, private) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, key.cert.pem())?;
    fs::write(&private, key.signing_key.serialize_pem())?;
    let snippet = snippet("nginx.conf")?
        .replace(SERVER, server)
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
        .replace("/etc/ssl/contact-hub/fullchain.pem", &certificate.display().to_string())
        .replace("/etc/ssl/contact-hub/privkey.pem", &private.display().to_string());
    let place = folder.display();
    let around = format!(
        "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/errors; events {{}}\n\
         http {{ access_log off; client_body_temp_path {place}/bodies; \
         proxy_temp_path {place}/answers; fastcgi_temp_path {place}/1; uwsgi_temp_path {place}/2; \
         scgi_temp_path {place}/3;\n{snippet}}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, around)?;
    let mut command = Command::new("nginx");
    command.arg("-e").arg(folder.join("errors")).arg("-c").arg(file);
    Ok(command)
}

/// Whether there is a Caddy that can pass both directions of a stream on at once. Debian 12 has none.
fn has_full_duplex() -> Result<bool> {
    let Ok(printed) = Command::new("caddy").arg("version").output() else { return Ok(false) };
    let printed = String::from_utf8(printed.stdout)?;
    let mut parts = printed.trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (major, minor) = (parts.next(), parts.next());
    Ok(matches!((major, minor), (Some(Ok(2)), Some(Ok(7..))) | (Some(Ok(3..)), _)))
}

/// The command that runs Caddy with the snippet, without TLS on that port.
fn caddy(folder: &Path, server: &str, port: u16) -> Result<Command> {
    let snippet = snippet("Caddyfile")?
        .replace(SERVER, server)
        .replace("contacts.example.org", &format!("http://127.0.0.1:{port}"));
    let file = folder.join("Caddyfile");
    fs::write(&file, snippet.replacen('{', "{\n\tadmin off", 1))?;
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command.stderr(fs::File::create(folder.join("log"))?);
    Ok(command)
}

fn snippet(name: &str) -> Result<String> {
    Ok(fs::read_to_string(workspace::root().join("docs/deploy").join(name))?)
}

/// A running proxy, killed when dropped.
struct Proxy {
    process: Child,
    port: u16,
}

impl Proxy {
    fn start(command: impl FnOnce(u16) -> Result<Command>) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = command(port)?;
        eprintln!("$ {command:?}");
        Ok(Self { process: command.spawn()?, port })
    }

    /// Sends a line, reads its result, sends another, and reads the end.
    fn stream(&mut self, key: &str, token: &str) -> Result<()> {
        let mut connection = self.connect()?;
        connection.set_read_timeout(Some(TIME))?;
        let head = format!(
            "POST /v1/contacts/batch?results=all HTTP/1.1\r\nHost: contacts.example.org\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/x-ndjson\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        );
        let line = |number: usize| {
            let item =
                format!("{{\"contactType\":\"PERSON\",\"externalId\":\"{key}-{number}\"}}\n");
            format!("{:x}\r\n{item}\r\n", item.len())
        };
        connection.write_all((head + &line(1)).as_bytes())?;
        let mut answer = String::new();
        read_until(&mut connection, &mut answer, "\"index\":0,")?;
        connection.write_all((line(2) + "0\r\n\r\n").as_bytes())?;
        read_until(&mut connection, &mut answer, "{\"summary\":{\"items\":2,")?;
        connection.read_to_string(&mut answer)?;
        ensure!(answer.ends_with("\r\n0\r\n\r\n"), "the answer is not complete: {answer}");
        Ok(())
    }

    fn connect(&mut self) -> Result<TcpStream> {
        let begun = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(connection) => return Ok(connection),
                Err(error) if begun.elapsed() > TIME => return Err(error.into()),
                Err(_) => sleep(Duration::from_millis(20)),
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the proxy has ended: {status}");
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_until(connection: &mut TcpStream, answer: &mut String, text: &str) -> Result<()> {
    let mut bytes = [0; 4_096];
    while !answer.contains(text) {
        let length = connection.read(&mut bytes).with_context(|| format!("after: {answer}"))?;
        ensure!(length > 0, "the answer ended: {answer}");
        answer.push_str(&String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()));
    }
    Ok(())
}
