//! The client of a collector.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long the collector may take to answer.
const MAX_TIME: Duration = Duration::from_secs(5);

/// The most bytes of an answer that are read; it only counts what was not taken.
const MAX_ANSWER: u64 = 64 << 10;

/// Sends spans to a collector. The log says once that it fails, and once that it works again.
#[derive(Debug)]
pub(super) struct Collector {
    agent: Agent,
    fails: AtomicBool,
}

impl Collector {
    /// A client of the collector at that address. With `https`, it trusts whom the system trusts.
    pub(super) fn new(endpoint: &str) -> Self {
        let mut config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(MAX_TIME));
        if endpoint.starts_with("https:") {
            let trusted = rustls_native_certs::load_native_certs().certs;
            let trusted: Vec<_> =
                trusted.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&trusted))
                .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()));
            config = config.tls_config(tls.build());
        }
        Self { agent: config.build().new_agent(), fails: AtomicBool::new(false) }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let response = self.agent.run(request.map(|body| body.to_vec()))?;
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }

    fn note_failure(&self, cause: &dyn fmt::Display) {
        if !self.fails.swap(true, Ordering::Relaxed) {
            tracing::warn!(%cause, "traces are dropped until the collector takes them");
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// Blocks: the SDK exports on a thread of its own.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        match self.send(request) {
            Ok(response) => {
                if !response.status().is_success() {
                    self.note_failure(&response.status());
                } else if self.fails.swap(false, Ordering::Relaxed) {
                    tracing::info!("the collector takes traces again");
                }
                Ok(response)
            }
            Err(error) => {
                self.note_failure(&error);
                Err(error.into())
            }
        }
    }
}
