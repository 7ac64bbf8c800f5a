//! The ratios of an earlier run, kept with the code: ratios can be compared between machines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The figures of a store by the label of their line.
pub(crate) type Figures = BTreeMap<String, f64>;

/// The kept figures of all stores.
#[derive(Debug, Default)]
pub(crate) struct Baseline(BTreeMap<String, Figures>);

impl Baseline {
    /// Reads what is kept.
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(path()).context("the baseline cannot be read")?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The figures of that store.
    pub(crate) fn of(&self, store: &str) -> Figures {
        self.0.get(engine(store)).cloned().unwrap_or_default()
    }

    /// Replaces the figures that were measured again, and keeps the others.
    pub(crate) fn keep(&mut self, store: &str, figures: Figures) -> Result<()> {
        self.0.entry(engine(store).to_owned()).or_default().extend(figures);
        let text = serde_json::to_string_pretty(&self.0)? + "\n";
        Ok(fs::write(path(), text)?)
    }
}

/// The name of a store without its version.
fn engine(store: &str) -> &str {
    store.split(' ').next().unwrap_or(store)
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}
