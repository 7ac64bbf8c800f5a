//! What the program is.

/// The version, and the commit that it was built from.
pub(crate) fn version() -> String {
    let commit = git_version::git_version!(fallback = "unknown commit");
    format!("{} ({commit})", env!("CARGO_PKG_VERSION"))
}
