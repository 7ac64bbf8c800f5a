//! The settings of an operator.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderValue;
use contacts_domain::upsert::Documents;

/// The limits of the APIs.
///
/// ```
/// use contacts_adapters_http::Settings;
/// let settings = Settings { max_items: 500, ..Settings::default() };
/// assert_eq!(settings.max_body_bytes, 32 * 1024 * 1024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The most items of a batch. Default: 10,000.
    pub max_items: usize,
    /// The most bytes of a request body. Default: 32 MiB.
    pub max_body_bytes: usize,
    /// The most bytes of documents in the answer to a batch, each item counted; none are shown in
    /// minimal answers. Default: 128 MiB.
    pub max_batch_documents_bytes: usize,
    /// How long a client may pause in the middle of a body. Default: 30 seconds.
    pub max_body_pause: Duration,
    /// The least rate at which a body has to arrive on average, in bytes per second, from the 20th
    /// second on. Default: 1,024.
    pub min_body_rate: u64,
    /// How long a body may take to arrive. Default: 300 seconds.
    pub max_body_time: Duration,
    /// How many bytes of the body of a refused request are read and thrown away, so that a client
    /// that sends first and listens then can read why it was refused. Default: 256 MiB.
    pub max_discarded_bytes: u64,
    /// How long that may take; 5 seconds at most without a valid token. Default: 30 seconds.
    pub max_discard_time: Duration,
    /// How many requests are worked on at once, and how many bodies arrive at once; one token has at
    /// most half of either. More are refused. Default: 512.
    pub max_in_flight: usize,
    /// How many streams of items are taken at once; one token has at most a quarter. More are
    /// refused. Default: 16.
    pub max_streams: usize,
    /// The most bytes of answers to streams that their clients have not read yet; one token has at
    /// most half. They are kept in temporary files. Default: 1 GiB.
    pub stream_spool_bytes: u64,
    /// How long the ledger keeps changes. Default: 90 days.
    pub keep_ledger: Duration,
    /// How many requests wait for changes at once; one token has at most a twentieth. More
    /// are refused.
    /// Default: 2,000.
    pub max_long_polls: u32,
    /// The most bytes of an answer that is kept, compressed, for a request with an idempotency key. Of a
    /// larger one, all but the documents is kept. Default: 16 MiB.
    pub max_kept_answer_bytes: usize,
    /// How many requests per second one token may make on average. Default: unlimited.
    pub requests_per_second: Option<NonZeroU32>,
    /// How many items per second one token may send on average, in batches and streams. Default:
    /// unlimited.
    pub items_per_second: Option<NonZeroU32>,
    /// The requests and items of how many seconds one token may send at once. Default: 600 seconds.
    pub rate_burst_seconds: NonZeroU32,
    /// The origins of browsers that may read answers, such as `https://crm.example`; `*` for all.
    /// Default: none, besides this server's own pages.
    pub cors_origins: Vec<HeaderValue>,
    /// The version that the metrics name. Default: that of this crate.
    pub version: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_items: 10_000,
            max_body_bytes: 32 << 20,
            max_batch_documents_bytes: Documents::DEFAULT_BYTES,
            max_body_pause: Duration::from_secs(30),
            min_body_rate: 1_024,
            max_body_time: Duration::from_secs(300),
            max_discarded_bytes: 256 << 20,
            max_discard_time: Duration::from_secs(30),
            max_in_flight: 512,
            max_streams: 16,
            stream_spool_bytes: 1 << 30,
            keep_ledger: Duration::from_secs(90 * 24 * 60 * 60),
            max_long_polls: 2_000,
            max_kept_answer_bytes: 16 << 20,
            requests_per_second: None,
            items_per_second: None,
            rate_burst_seconds: const { NonZeroU32::MIN.saturating_add(599) },
            cors_origins: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
