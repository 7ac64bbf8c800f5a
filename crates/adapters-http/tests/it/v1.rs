//! The native API.

mod batch;
mod lifecycle;
mod one_contact;
mod stream;
mod writing;
