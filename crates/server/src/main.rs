//! `contact-hub`: a server that takes the contacts of many organizations in bulk, over HTTP.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("contact-hub needs a store: build it with the feature `sqlite` or `postgres`");

mod certificate;
mod cli;
mod clock;
mod commands;
mod config;
mod database_url;
mod failure;
mod logging;
mod printing;
mod progress;
mod serve;
mod startup;
#[cfg(feature = "otlp")]
mod traces;
mod version;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading a batch makes thousands of small allocations on several threads. mimalloc is faster at
/// that than the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printing::print_failure(&failure);
            ExitCode::FAILURE
        }
    }
}
