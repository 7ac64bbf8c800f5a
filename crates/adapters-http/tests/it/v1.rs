//! The native API.

mod batch;
mod one_contact;
mod stream;
