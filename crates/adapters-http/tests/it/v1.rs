//! The native API.

mod batch;
mod lifecycle;
mod one_contact;
mod organization;
mod stream;
mod stream_limits;
mod writing;
