//! Connections with the encryption that `sslmode` asks for.

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use deadpool_postgres::Connect;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTls;
use tokio_postgres::{CancelToken, Client, Config, Connection, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::{Encryption, PostgresUrl, Roots};

/// Certificates or a TLS configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsSetupError {
    /// The certificates that the URL trusts cannot be read.
    #[error("{0}")]
    Roots(String),
    #[error("no TLS: {0}")]
    Config(#[from] TlsError),
}

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector {
    mode: SslMode,
    tls: Option<MakeRustlsConnect>,
}

type Connected = (Client, JoinHandle<()>);

impl Connector {
    /// A connector with the encryption that the URL asks for.
    pub(crate) fn new(url: &PostgresUrl) -> Result<Self, TlsSetupError> {
        // Like libpq: a Unix socket is never encrypted, whatever the mode.
        #[cfg(unix)]
        if url.config().get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
            return Ok(Self { mode: SslMode::Disable, tls: None });
        }
        let (mode, verification) = match url.encryption() {
            Encryption::Never => return Ok(Self { mode: SslMode::Disable, tls: None }),
            Encryption::Preferred => (SslMode::Prefer, Verification::None),
            Encryption::Unverified => (SslMode::Require, Verification::None),
            Encryption::Chain(roots) => (SslMode::Require, Verification::Chain(read(roots)?)),
            Encryption::Full(roots) => (SslMode::Require, Verification::Full(read(roots)?)),
        };
        Ok(Self { mode, tls: Some(MakeRustlsConnect::new(client(verification)?)) })
    }

    /// Asks the server to cancel the statement of a connection, over a new connection. The server
    /// does not confirm the cancellation.
    pub(crate) async fn cancel(&self, connection: &CancelToken) -> Result<(), Error> {
        match &self.tls {
            Some(tls) => connection.cancel_query(tls.clone()).await,
            None => connection.cancel_query(NoTls).await,
        }
    }

    async fn connect_once(&self, config: &Config, mode: SslMode) -> Result<Connected, Error> {
        let mut config = config.clone();
        config.ssl_mode(mode);
        match &self.tls {
            Some(tls) if mode != SslMode::Disable => config.connect(tls.clone()).await.map(started),
            _ => config.connect(NoTls).await.map(started),
        }
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<Connected, Error>> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            match self.connect_once(&config, self.mode).await {
                Err(error) if self.mode == SslMode::Prefer && may_retry_in_plain(&error) => {
                    self.connect_once(&config, SslMode::Disable).await
                }
                done => done,
            }
        })
    }
}

/// Runs the connection in the background. When it breaks, its client returns errors.
fn started<S, T>((client, connection): (Client, Connection<S, T>)) -> Connected
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    (client, task)
}

/// Whether the server may accept a connection without encryption: TLS failed, or `pg_hba.conf`
/// refuses encrypted connections.
fn may_retry_in_plain(error: &Error) -> bool {
    is_tls_failure(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Whether TLS failed or was refused. The driver offers nothing but this text.
pub(crate) fn is_tls_failure(error: &Error) -> bool {
    error.to_string() == "error performing TLS handshake" && error.source().is_some()
}

/// What is verified of the certificate of the server.
enum Verification {
    None,
    Chain(RootCertStore),
    Full(RootCertStore),
}

fn client(verification: Verification) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let roots = match verification {
        Verification::Full(roots) => {
            return Ok(client.with_root_certificates(roots).with_no_client_auth());
        }
        Verification::Chain(roots) => Some(roots),
        Verification::None => None,
    };
    let verifier = Arc::new(AnyName { roots, provider });
    Ok(client.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn read(roots: &Roots) -> Result<RootCertStore, TlsSetupError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(TlsSetupError::Roots("this system trusts no authority".to_owned()));
            }
        }
        Roots::File(path) => {
            let unusable = |why: &dyn fmt::Display| {
                let path = path.display();
                TlsSetupError::Roots(format!(
                    "{path} cannot be read as certificates to trust: {why}"
                ))
            };
            let certificates = CertificateDer::pem_file_iter(path);
            for certificate in certificates.map_err(|error| unusable(&error))? {
                let certificate = certificate.map_err(|error| unusable(&error))?;
                store.add(certificate).map_err(|error| unusable(&error))?;
            }
            if store.is_empty() {
                return Err(unusable(&"there is none in it"));
            }
        }
    }
    Ok(store)
}

/// Accepts a certificate for any name: one of a trusted authority, or, without roots, any. It
/// verifies in any case that the server has the key of the certificate, because passwords may be
/// bound to it (RFC 5929, tls-server-end-point).
#[derive(Debug)]
struct AnyName {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
