//! Lists the entries of the directory of intercoms.

use std::sync::Arc;

use crate::access::Scope;
use crate::directory::{EntryPage, EntryQuery};
use crate::ports::IntercomDirectory;
use crate::use_cases::{Caller, UseCaseError};

/// Lists the entries of the directory of intercoms.
pub struct ListEntries {
    directory: Arc<dyn IntercomDirectory>,
}

impl ListEntries {
    /// Reads that directory.
    pub fn new(directory: Arc<dyn IntercomDirectory>) -> Self {
        Self { directory }
    }

    /// The part of the caller's entries that is asked for.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        query: &EntryQuery,
    ) -> Result<EntryPage, UseCaseError> {
        caller.require(Scope::Read)?;
        Ok(self.directory.entries(caller.organization.id, query).await?)
    }
}
