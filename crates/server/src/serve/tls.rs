//! TLS (RFC 8446) without a proxy, with a certificate that is read again when its files change.

use std::sync::Arc;
use std::time::Duration;

use contacts_adapters_http::CertificateExpiry;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::shutdown::Shutdown;
use crate::certificate::CertificateFiles;
use crate::failure::Failure;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate, as it is now.
pub(super) struct Tls {
    files: CertificateFiles,
    current: watch::Sender<Arc<ServerConfig>>,
    pub(super) expiry: CertificateExpiry,
}

impl Tls {
    /// Reads the certificate.
    ///
    /// # Errors
    ///
    /// If it cannot be used.
    pub(super) fn load(files: CertificateFiles) -> Result<Self, Failure> {
        let (config, at) = files.read()?;
        let expiry = CertificateExpiry::default();
        expiry.set(at);
        Ok(Self { files, current: watch::Sender::new(config), expiry })
    }

    /// What takes the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current.borrow()).into()
    }

    /// Reads the files again whenever they have changed, and on SIGHUP. Connections that are open keep
    /// what they have, and files that cannot be used change nothing.
    pub(super) async fn keep_current(self: Arc<Self>, mut shutdown: Shutdown) {
        let mut seen = self.files.written();
        loop {
            tokio::select! {
                () = shutdown.hung_up() => {}
                () = sleep(LOOK_EVERY) => {
                    if seen == self.files.written() {
                        continue;
                    }
                }
            }
            seen = self.files.written();
            match self.files.read() {
                Ok((config, at)) => {
                    self.expiry.set(at);
                    self.current.send_replace(config);
                    tracing::info!("read the certificate again");
                }
                // One file may be there before the other.
                Err(failure) => tracing::warn!("kept the certificate: {failure}"),
            }
        }
    }
}
