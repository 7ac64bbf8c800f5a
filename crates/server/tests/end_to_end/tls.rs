//! TLS without a proxy.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::program::{Server, done, run};
use super::stopping::wait_for;

pub(crate) const FILES: [&str; 4] =
    ["--tls-certificate", "certificate.pem", "--tls-key", "key.pem"];

/// Writes a new certificate and its key.
pub(crate) fn renew(folder: &Path, until: i32) -> CertificateDer<'static> {
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    // Whole at once, as a tool that renews certificates should.
    for (name, text) in [("certificate.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
        fs::write(folder.join("new"), text).unwrap();
        fs::rename(folder.join("new"), folder.join(name)).unwrap();
    }
    certificate.der().clone()
}

/// The status line of an answer over TLS, if the client trusts the certificate.
fn ask(server: &Server, trusted: &CertificateDer<'static>) -> Result<String, String> {
    let answer = get(server, trusted, "/healthz")?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// The seconds that the metrics show.
fn expiry(server: &Server, trusted: &CertificateDer<'static>) -> String {
    let metrics = get(server, trusted, "/metrics").unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("contact_hub_certificate_expiry_seconds "));
    line.expect(&metrics).to_owned()
}

fn get(server: &Server, trusted: &CertificateDer<'static>, path: &str) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let client = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(server.address).unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer)
}

#[test]
fn certificate_is_replaced_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let first = renew(path, 2100);
    let mut server = Server::start_with(path, &FILES, &[]);
    assert_eq!(ask(&server, &first).unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(done(path, &["health", "--listen", &server.address.to_string()]), "up");

    assert_eq!(expiry(&server, &first), "4102444800");

    let second = renew(path, 2101);
    server.signal("HUP");
    wait_for(&mut server, "read the certificate again");
    assert_eq!(ask(&server, &second).unwrap(), "HTTP/1.1 200 OK");
    assert!(ask(&server, &first).is_err());
    assert_eq!(expiry(&server, &second), "4133980800");

    let elsewhere = tempfile::tempdir_in(path).unwrap();
    let third = renew(elsewhere.path(), 2100);
    let install = |name| fs::rename(elsewhere.path().join(name), path.join(name)).unwrap();
    install("certificate.pem");
    server.signal("HUP");
    wait_for(&mut server, "kept the certificate: cannot use certificate.pem with key.pem");
    assert_eq!(ask(&server, &second).unwrap(), "HTTP/1.1 200 OK");

    // Without a signal.
    install("key.pem");
    wait_for(&mut server, "read the certificate again");
    assert_eq!(ask(&server, &third).unwrap(), "HTTP/1.1 200 OK");
    server.stop();
}

#[test]
fn expired_certificate_is_served_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let expired = renew(folder.path(), 2001);
    let mut server = Server::start_with(folder.path(), &FILES, &[]);
    wait_for(&mut server, "the certificate has expired");
    assert!(ask(&server, &expired).unwrap_err().contains("expired"));
}

#[test]
fn certificate_that_cannot_be_used_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    renew(path, 2100);
    fs::rename(path.join("key.pem"), path.join("other.pem")).unwrap();
    renew(path, 2100);
    fs::write(path.join("text.pem"), "no certificate").unwrap();
    for (certificate, key, expected) in [
        ("certificate.pem", "other.pem", "cannot use certificate.pem with other.pem: "),
        ("missing.pem", "key.pem", "cannot read missing.pem: "),
        ("certificate.pem", "missing.pem", "cannot read missing.pem: "),
        ("text.pem", "key.pem", "text.pem has no certificate; "),
        ("certificate.pem", "text.pem", "cannot read text.pem: "),
        ("certificate.pem", "", "a certificate needs its key, "),
    ] {
        for command in [&["serve"][..], &["config", "check"]] {
            let mut arguments = [command, &["--tls-certificate", certificate]].concat();
            if !key.is_empty() {
                arguments.extend(["--tls-key", key]);
            }
            let output = run(path, &arguments);
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{errors}");
            assert!(errors.starts_with(&format!("contact-hub: {expected}")), "{errors}");
            assert_eq!(errors.lines().count(), 1, "{errors}");
        }
    }
    assert!(!path.join("contact-hub.db").exists());
}
