//! A contact as it is stored.

use serde_json::Value;
use xtask::Failure;

use crate::item::Key;
use crate::state::State;

/// A row of the table of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) version: u64,
    pub(crate) is_deleted: bool,
    /// As its document says.
    pub(crate) state: State,
}

impl Row {
    /// From its columns.
    ///
    /// # Errors
    ///
    /// When a column says something else than the document, or the document has something in it
    /// that nobody wrote.
    pub(crate) fn read(
        id: i64,
        version: i64,
        external_id: Option<&str>,
        is_deleted: bool,
        document: &Value,
    ) -> Result<Self, Failure> {
        let state = State::read(document)?;
        let version = u64::try_from(version).ok();
        let is_sound = external_id.map(Key::of_external_id) == state.external_id.map(Some)
            && document.get("id").and_then(Value::as_i64) == Some(id);
        match version.filter(|_| is_sound) {
            Some(version) => Ok(Self { id, version, is_deleted, state }),
            None => {
                let columns = format!("version {version:?}, external id {external_id:?}");
                Err(Failure::Server(format!("contact {id} is in two minds: {columns}, {document}")))
            }
        }
    }
}
