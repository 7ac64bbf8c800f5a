//! The native API.

mod batch;
mod changes;
mod exporting;
mod lifecycle;
mod listing;
mod one_contact;
mod organization;
mod plans;
mod purging;
mod runs;
pub(crate) mod searching;
mod stream;
mod stream_limits;
mod writing;
