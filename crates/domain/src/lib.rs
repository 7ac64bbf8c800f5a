//! placeholder
pub mod value;
