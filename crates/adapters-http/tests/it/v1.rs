//! The native API.

mod one_contact;
