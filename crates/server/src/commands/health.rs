//! `contact-hub health`.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::printing;

/// How long the server may take.
const TIME: Duration = Duration::from_secs(5);

/// The arguments of `contact-hub health`.
#[derive(Debug, Args)]
pub(crate) struct CheckHealth {
    /// The address that the server listens on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
}

/// Asks the server of this machine whether it is up.
///
/// # Errors
///
/// If it gives no answer, or another one.
pub(crate) fn check(CheckHealth { listen }: &CheckHealth) -> Result<(), Failure> {
    let asked = addresses(listen).and_then(|all| ask(&all));
    let answer = asked.map_err(|error| {
        let remedy = "look at its log, or name its address by --listen";
        Failure::because(format_args!("no server answers on {listen}"), &error, remedy)
    })?;
    let status = answer.lines().next().unwrap_or_default();
    // A server that speaks TLS answers a request without it with an alert (RFC 8446 §6).
    match status.starts_with("HTTP/1.1 200 ") || status.starts_with('\u{15}') {
        true => printing::print("up"),
        false => Err(Failure::new(
            format!("the server on {listen} answers `{}`", printing::escaped(status)),
            "look at its log",
        )),
    }
}

/// Where to reach a server that listens there: one that listens everywhere is also on loopback.
fn addresses(listen: &str) -> io::Result<Vec<SocketAddr>> {
    let reachable = |address: SocketAddr| {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, address.port())
    };
    Ok(listen.to_socket_addrs()?.map(reachable).collect())
}

/// The answer of the first that answers.
fn ask(addresses: &[SocketAddr]) -> io::Result<String> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match answer(address) {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn answer(address: &SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect_timeout(address, TIME)?;
    connection.set_read_timeout(Some(TIME))?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.take(4 << 10).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_that_listens_everywhere_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("[2001:db8::1]:80", "[2001:db8::1]:80"),
        ] {
            assert_eq!(addresses(listen).unwrap(), [asked.parse().unwrap()], "{listen}");
        }
    }
}
