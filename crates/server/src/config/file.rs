//! The settings as a TOML file.

use std::fs;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::Path;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::flags::{Durability, Switch, network};
use crate::failure::Failure;
use crate::logging::LogFormat;

/// A TOML file with any of the settings.
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "some are for PostgreSQL"))]
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    pub(super) database_url: Option<String>,
    pub(super) read_database_url: Option<String>,
    pub(super) read_database_rest: Option<u64>,
    pub(super) database_connections: Option<NonZeroUsize>,
    pub(super) database_wait: Option<u64>,
    pub(super) database_timeout: Option<NonZeroU64>,
    pub(super) prepared_statements: Option<Switch>,
    pub(super) no_migrate: Option<bool>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) listen: Option<String>,
    pub(super) durability: Option<Durability>,
    pub(super) max_items: Option<NonZeroUsize>,
    pub(super) max_body_bytes: Option<NonZeroUsize>,
    pub(super) max_batch_documents_bytes: Option<NonZeroUsize>,
    pub(super) max_body_pause_seconds: Option<NonZeroU64>,
    pub(super) min_body_rate: Option<u64>,
    pub(super) max_body_seconds: Option<NonZeroU64>,
    pub(super) write_timeout_seconds: Option<NonZeroU64>,
    pub(super) max_connections: Option<NonZeroUsize>,
    #[serde(default, deserialize_with = "networks")]
    pub(super) trusted_proxy: Vec<IpNet>,
    pub(super) max_in_flight: Option<NonZeroUsize>,
    pub(super) requests_per_second: Option<NonZeroU32>,
    pub(super) shutdown_seconds: Option<u64>,
}

fn networks<'de, D: Deserializer<'de>>(array: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(array)?;
    texts.iter().map(|text| network(text).map_err(D::Error::custom)).collect()
}

impl SettingsFile {
    /// Reads a settings file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has an unknown key or a wrong value.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            let remedy = "name a TOML file with --config, or leave the flag out";
            Failure::because(format_args!("cannot read {shown}"), &error, remedy)
        })?;
        toml::from_str(&text).map_err(|error| {
            // Only the message: `Display` quotes the line, which may hold a password.
            let line = error.span().and_then(|span| text.get(..span.start)).map(|before| {
                let number = before.matches('\n').count() + 1;
                format!(" line {number}")
            });
            let cause = format!("{shown}{}: {}", line.unwrap_or_default(), error.message());
            Failure::new(cause, "correct the file; docs/contact-hub.toml shows every setting")
        })
    }
}
