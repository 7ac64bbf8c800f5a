//! Each `sslmode` against servers of several kinds.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contacts_application::ports::OpenError;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::startup::{connect, pool};
use crate::{PostgresOptions, PostgresUrl};

const TLS_FAILURE: &str = "no encrypted connection to the database on: ";
const UNKNOWN_ISSUER: &str = "no encrypted connection to the database on: \
                              invalid peer certificate: UnknownIssuer";

/// An authority that issues certificates, and the file with its own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::OrganizationName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self) -> String {
        self.directory.path().join("ca.pem").display().to_string()
    }

    /// A server with a certificate of this authority for that name.
    async fn server(&self, name: &str) -> Server {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Server::start(Tls::With(acceptor(certificate.der().clone(), &key))).await
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// How a server reacts to a request to encrypt.
#[derive(Clone)]
enum Tls {
    Refused,
    With(TlsAcceptor),
    /// Agrees, then closes the connection.
    Broken,
    /// Encrypts, then refuses the connection.
    Unwelcome(TlsAcceptor),
}

/// A server that speaks as much of PostgreSQL's protocol as connecting needs, then stays silent.
struct Server {
    address: SocketAddr,
    /// For each accepted connection, whether it was encrypted.
    let_in: Arc<Mutex<Vec<bool>>>,
}

impl Server {
    async fn start(tls: Tls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let let_in = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&let_in);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, tls.clone(), Arc::clone(&noted)));
            }
        });
        Self { address, let_in }
    }

    /// Connects to it as `localhost`. Returns whether the connection is encrypted.
    async fn connect(&self, query: &str) -> Result<bool, OpenError> {
        let url = self.url(query);
        let pool = pool(&url, PostgresOptions::default())?;
        connect(&pool, &url).await?;
        Ok(*self.let_in.lock().unwrap().last().unwrap())
    }

    fn url(&self, query: &str) -> PostgresUrl {
        let port = self.address.port();
        let url = format!("postgres://u:secret@localhost:{port}/hub?hostaddr=127.0.0.1&{query}");
        url.parse().unwrap()
    }

    /// The message of the error, without the place.
    async fn refusal(&self, query: &str) -> String {
        let message = self.connect(query).await.unwrap_err().to_string();
        message.replace(&format!(" localhost:{}", self.address.port()), "")
    }
}

/// The `SSLRequest` message of the protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

async fn receive(mut stream: TcpStream, tls: Tls, noted: Arc<Mutex<Vec<bool>>>) {
    let mut start = [0; 8];
    stream.peek(&mut start).await.unwrap();
    if start != SSL_REQUEST {
        return let_in(stream, false, &noted).await;
    }
    stream.read_exact(&mut start).await.unwrap();
    if let Tls::Refused = tls {
        stream.write_all(b"N").await.unwrap();
        return let_in(stream, false, &noted).await;
    }
    stream.write_all(b"S").await.unwrap();
    match tls {
        Tls::Refused | Tls::Broken => {}
        Tls::With(acceptor) => {
            // A client that does not trust the certificate closes the connection.
            if let Ok(stream) = acceptor.accept(stream).await {
                let_in(stream, true, &noted).await;
            }
        }
        Tls::Unwelcome(acceptor) => {
            let mut stream = acceptor.accept(stream).await.unwrap();
            startup(&mut stream).await;
            stream.write_all(b"E\0\0\0\x22SFATAL\0VFATAL\0C28000\0Mno way\0\0").await.unwrap();
        }
    }
}

async fn let_in(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    encrypted: bool,
    noted: &Mutex<Vec<bool>>,
) {
    startup(&mut stream).await;
    noted.lock().unwrap().push(encrypted);
    // Authenticated; ready for a query.
    let welcome = stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await;
    // A client that sent a cancel request has closed the connection.
    if welcome.is_ok() {
        while let Ok(1..) = stream.read(&mut [0; 64]).await {}
    }
}

async fn startup(stream: &mut (impl AsyncRead + Unpin)) {
    let length = stream.read_u32().await.unwrap();
    let mut message = vec![0; usize::try_from(length).unwrap() - 4];
    stream.read_exact(&mut message).await.unwrap();
}

#[tokio::test]
async fn disable_never_encrypts() {
    let server = Authority::new("ours").server("localhost").await;
    assert_eq!(server.connect("sslmode=disable").await, Ok(false));
}

#[tokio::test]
async fn prefer_encrypts_if_offered_and_trusts_anybody() {
    let server = Authority::new("ours").server("elsewhere").await;
    assert_eq!(server.connect("").await, Ok(true));
    assert_eq!(server.connect("sslmode=prefer").await, Ok(true));
    assert_eq!(Server::start(Tls::Refused).await.connect("sslmode=prefer").await, Ok(false));
}

#[tokio::test]
async fn prefer_falls_back_if_tls_fails() {
    let broken = Server::start(Tls::Broken).await;
    assert_eq!(broken.connect("sslmode=prefer").await, Ok(false));
    assert!(broken.refusal("sslmode=require").await.starts_with(TLS_FAILURE));

    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let unwelcome = Server::start(Tls::Unwelcome(acceptor(own.der().clone(), &key))).await;
    assert_eq!(unwelcome.connect("sslmode=prefer").await, Ok(false));
    assert_eq!(
        unwelcome.refusal("sslmode=require").await,
        "the database on does not allow the connection: no way (SQLSTATE 28000)"
    );
}

#[tokio::test]
async fn require_encrypts_with_anybody_and_never_in_plain() {
    let server = Authority::new("ours").server("elsewhere").await;
    assert_eq!(server.connect("sslmode=require").await, Ok(true));

    let plain = Server::start(Tls::Refused).await;
    let error = plain.connect("sslmode=require").await.unwrap_err();
    let port = plain.address.port();
    assert_eq!(
        error.to_string(),
        format!("the database on localhost:{port} does not encrypt, and `sslmode` demands it")
    );
    assert!(plain.let_in.lock().unwrap().is_empty());
}

#[tokio::test]
async fn verify_ca_checks_issuer_and_not_host() {
    let (trusted, other) = (Authority::new("ours"), Authority::new("theirs"));
    let query = format!("sslmode=verify-ca&sslrootcert={}", trusted.file());
    assert_eq!(trusted.server("localhost").await.connect(&query).await, Ok(true));
    assert_eq!(trusted.server("elsewhere").await.connect(&query).await, Ok(true));
    assert_eq!(other.server("localhost").await.refusal(&query).await, UNKNOWN_ISSUER);
    // As libpq has it.
    let query = query.replace("verify-ca", "require");
    assert_eq!(other.server("localhost").await.refusal(&query).await, UNKNOWN_ISSUER);
}

#[tokio::test]
async fn verify_full_checks_issuer_and_host() {
    let (trusted, other) = (Authority::new("ours"), Authority::new("theirs"));
    let query = format!("sslmode=verify-full&sslrootcert={}", trusted.file());
    assert_eq!(trusted.server("localhost").await.connect(&query).await, Ok(true));
    assert!(trusted.server("elsewhere").await.refusal(&query).await.starts_with(TLS_FAILURE));

    let server = other.server("localhost").await;
    let error = server.connect(&query).await.unwrap_err();
    let port = server.address.port();
    assert_eq!(
        error.to_string(),
        format!(
            "no encrypted connection to the database on localhost:{port}: \
             invalid peer certificate: UnknownIssuer"
        )
    );
    assert!(server.let_in.lock().unwrap().is_empty());
}

#[tokio::test]
async fn authority_certificate_shown_by_server_is_explained() {
    let authority = Authority::new("ours");
    let certificate = authority.issuer.der().clone();
    let server = Server::start(Tls::With(acceptor(certificate, authority.issuer.key()))).await;
    let query = format!("sslmode=verify-ca&sslrootcert={}", authority.file());
    let cause = server.connect(&query).await.unwrap_err().to_string();
    let port = server.address.port();
    assert_eq!(
        cause,
        format!(
            "no encrypted connection to the database on localhost:{port}: \
             the server shows the certificate of an authority (CA:TRUE) as its own"
        )
    );
}

#[tokio::test]
async fn cancel_requests_are_encrypted_like_the_connection() {
    let authority = Authority::new("ours");
    let full = format!("sslmode=verify-full&sslrootcert={}", authority.file());
    for (server, query, is_encrypted) in [
        (authority.server("localhost").await, full.as_str(), true),
        (Server::start(Tls::Refused).await, "sslmode=prefer", false),
        (Server::start(Tls::Broken).await, "sslmode=prefer", false),
    ] {
        let options =
            PostgresOptions { lock_timeout: Duration::from_millis(500), ..Default::default() };
        let url = server.url(query);
        let pool = pool(&url, options).unwrap();
        let session = connect(&pool, &url).await.unwrap();
        let failure = session.batch("SELECT").await.unwrap_err();
        assert_eq!(failure.to_string(), "the database gave no answer for 0.5 s");
        drop(session);
        while server.let_in.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*server.let_in.lock().unwrap(), [is_encrypted; 2], "{query}");
    }
}

#[tokio::test]
async fn system_roots_do_not_trust_own_authority() {
    let server = Authority::new("ours").server("localhost").await;
    for query in ["sslmode=verify-ca", "sslmode=verify-full", "sslrootcert=system"] {
        let refusal = server.refusal(query).await;
        let is_expected = refusal == UNKNOWN_ISSUER || refusal == "this system trusts no authority";
        assert!(is_expected, "{query}: {refusal}");
    }
}

#[tokio::test]
async fn unreadable_certificates_are_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("text.pem"), "no certificate").unwrap();
    for (file, why) in [("none.pem", "No such file"), ("text.pem", "there is none in it")] {
        let path = directory.path().join(file).display().to_string();
        let url = format!("postgres://db/hub?sslrootcert={path}").parse().unwrap();
        let error = pool(&url, PostgresOptions::default()).err().unwrap();
        assert!(error.remedy().contains("`sslrootcert`"), "{error:?}");
        let message = error.to_string();
        assert!(message.starts_with(&path) && message.contains(why), "{message}");
    }
}
