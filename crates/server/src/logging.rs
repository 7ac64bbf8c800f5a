//! Logs on standard error, as text for people or JSON for machines.

use std::io;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::failure::Failure;

/// The crates of this workspace. They log no personal data at any level.
const OWN_CRATES: [&str; 2] = ["contact_hub", "contacts_"];

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// What else sees spans and events.
pub(crate) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging what passes the filter, beside the export of traces.
///
/// # Errors
///
/// If the filter has a syntax error.
pub(crate) fn start(
    filter: &str,
    format: LogFormat,
    traces: Option<BoxedLayer>,
) -> Result<(), Failure> {
    let wrong = |error: ParseError| {
        let remedy = "write it as in `info,contact_hub=debug`";
        Failure::because("the log filter is wrong", &error, remedy)
    };
    let filter = EnvFilter::try_new(filter).map_err(wrong)?.and(filter_fn(holds_no_data));
    // With its internal errors, the library would write to a standard error that cannot be written,
    // and panic: the log is lost, the request is served.
    let logs = tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let logs = match format {
        LogFormat::Text => logs.with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => {
            logs.json().flatten_event(true).with_current_span(false).with_filter(filter).boxed()
        }
    };
    let started = tracing_subscriber::registry().with(traces).with(logs).try_init();
    started.map_err(|error| Failure::because("cannot log", &error, "please report this"))
}

/// Whether a line or span can hold no personal data: those of other crates below `warn` show bodies,
/// headers and the values of statements. Both this and the filter of the user have to agree.
fn holds_no_data(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::WARN || is_own(metadata)
}

/// Whether a line or span is one of this workspace.
pub(crate) fn is_own(metadata: &Metadata<'_>) -> bool {
    OWN_CRATES.iter().any(|own| metadata.target().starts_with(own))
}
