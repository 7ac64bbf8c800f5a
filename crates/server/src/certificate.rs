//! The certificate of the server and its key, in files.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::{self, Decode as _};
use x509_cert::time::Time;

use crate::failure::Failure;

const REMEDY: &str = "name a readable file in PEM";

/// The files of a certificate and its key.
#[derive(Debug)]
pub(crate) struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// When each file was written, and how long it is.
pub(crate) type Written = [Option<(SystemTime, u64)>; 2];

impl CertificateFiles {
    /// Both files, or none.
    ///
    /// # Errors
    ///
    /// If there is one without the other.
    pub(crate) fn of(
        certificate: Option<PathBuf>,
        key: Option<PathBuf>,
    ) -> Result<Option<Self>, Failure> {
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate, key })),
            _ => Err(Failure::new(
                "a certificate needs its key, and a key its certificate",
                "name both by --tls-certificate and --tls-key",
            )),
        }
    }

    /// Reads them, and when the certificate expires.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or they do not belong together.
    pub(crate) fn read(&self) -> Result<(Arc<ServerConfig>, SystemTime), Failure> {
        let Self { certificate, key } = self;
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(certificate, &error))?;
        let Some(own) = chain.first() else {
            let cause = format!("{} has no certificate", certificate.display());
            return Err(Failure::new(cause, REMEDY));
        };
        let expiry = expiry(own).map_err(|error| unreadable(certificate, &error))?;
        // It is served all the same: clients that do not look at it go on.
        if expiry.to_system_time() < SystemTime::now() {
            tracing::warn!(file = %certificate.display(), until = %expiry, "the certificate has expired");
        }
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
            .map_err(|error| {
                let cause = format!("cannot use {} with {}", certificate.display(), key.display());
                Failure::because(cause, &error, "name a certificate and its own key")
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok((Arc::new(config), expiry.to_system_time()))
    }

    /// When they were written; `None` for one that is missing.
    pub(crate) fn written(&self) -> Written {
        [&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        })
    }
}

fn unreadable(path: &Path, error: &dyn Error) -> Failure {
    Failure::because(format_args!("cannot read {}", path.display()), error, REMEDY)
}

fn expiry(certificate: &CertificateDer<'_>) -> Result<Time, der::Error> {
    Ok(Certificate::from_der(certificate)?.tbs_certificate.validity.not_after)
}
