//! Logs on standard error, as text for people or JSON for machines.

use std::io;

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::failure::Failure;

/// At the level `debug`, tokio-postgres logs the values of statements: contacts with salary data,
/// and digests of tokens. No filter of the user may turn that on.
const PRIVACY: &str = "tokio_postgres=warn";

/// The format of a log line.
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
/// If the filter has a syntax error.
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
