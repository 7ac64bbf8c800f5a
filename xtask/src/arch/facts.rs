//! What the checks read.

use cargo_metadata::Metadata;
use xtask::workspace::TextFile;

/// What the checks read.
pub(super) struct Facts {
    pub(super) metadata: Metadata,
    /// The Rust files below the `src` folder of each package.
    pub(super) sources: Vec<TextFile>,
}
