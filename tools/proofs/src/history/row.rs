//! A stored contact.

use anyhow::{Result, anyhow};
use serde_json::Value;

use super::item::Key;
use super::state::State;

/// A row of the table of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The id.
    pub id: i64,
    /// The version.
    pub version: u64,
    /// Whether it is marked as deleted.
    pub is_deleted: bool,
    /// The members of its document.
    pub state: State,
}

impl Row {
    /// Reads the columns of a row.
    ///
    /// # Errors
    ///
    /// A column contradicts the document, or the document has a value that no item writes.
    pub fn read(
        id: i64,
        version: i64,
        external_id: Option<&str>,
        is_deleted: bool,
        document: &Value,
    ) -> Result<Self> {
        let state = State::read(document)?;
        let version = u64::try_from(version).ok();
        let is_sound = external_id.map(Key::of_external_id) == state.external_id.map(Some)
            && document.get("id").and_then(Value::as_i64) == Some(id);
        match version.filter(|_| is_sound) {
            Some(version) => Ok(Self { id, version, is_deleted, state }),
            None => {
                let columns = format!("version {version:?}, external id {external_id:?}");
                Err(anyhow!(
                    "contact {id} has columns that contradict its document: {columns}, {document}"
                ))
            }
        }
    }
}
