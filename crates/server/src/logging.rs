//! Logs: to standard error, as text for people or JSON for machines.

use std::io;

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::failure::Failure;

/// The driver of PostgreSQL would log the values of statements at the level `debug`: contacts, with
/// their salaries, and digests of tokens. That is nobody's business, whatever the filter says.
const PRIVACY: &str = "tokio_postgres=warn";

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// Starts logging what passes the filter.
///
/// # Errors
///
/// When the filter is not one.
pub(crate) fn start(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let wrong = |error: ParseError| {
        let remedy = "write it as in `info,contact_hub=debug`";
        Failure::because("the log filter is wrong", &error, remedy)
    };
    let filter = EnvFilter::try_new(filter).map_err(wrong)?;
    let filter = filter.add_directive(PRIVACY.parse().map_err(wrong)?);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => logs.with_ansi(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::because("cannot log", &*error, "please report this"))
}
