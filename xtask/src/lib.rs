//! What the programs of this package share: the files of the workspace.
//!
//! Everybody waits for `cargo xtask` to be built, so it depends on none of our crates. Chores that
//! need much to build are programs of their own, which a verb builds and runs.

pub mod workspace;
