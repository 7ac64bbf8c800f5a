//! The entries of contacts in the directory of intercoms.

use std::sync::LazyLock;

use contacts_domain::contact::IntercomEntry;
use contacts_domain::{Change, OrganizationId};
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Session};
use crate::statements::columns::{EntryColumns, overwrite};

/// Inserts entries, or overwrites those that contacts have.
static PUT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} ON CONFLICT (organization_id, contact_id) DO UPDATE SET {}",
        EntryColumns::insert_into("contact_intercom"),
        overwrite(EntryColumns::NAMES, &["contact_id"])
    )
});

const DELETE: &str =
    "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = ANY ($2)";

/// The entries to write and to delete.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    put: Vec<(i64, IntercomEntry)>,
    deleted: Vec<i64>,
}

impl Entries {
    /// Adds the entry of a new contact.
    pub(crate) fn add(&mut self, change: &Change) {
        let entry = change.intercom_entry();
        self.put.extend(entry.map(|entry| (change.record().id.get(), entry.clone())));
    }

    /// Replaces or deletes the entry of a stored contact.
    pub(crate) fn replace(&mut self, change: &Change) {
        let id = change.record().id.get();
        match change.intercom_entry() {
            Some(entry) => self.put.push((id, entry.clone())),
            None => self.deleted.push(id),
        }
    }

    pub(crate) fn any_deleted(&self) -> bool {
        !self.deleted.is_empty()
    }

    pub(crate) async fn put(
        &self,
        session: &Session,
        organization: OrganizationId,
    ) -> Result<(), Failure> {
        if !self.put.is_empty() {
            let columns = EntryColumns::of(organization, self.put.iter());
            session.execute(&PUT, &columns.parameters()).await?;
        }
        Ok(())
    }

    pub(crate) async fn delete(
        &self,
        session: &Session,
        organization: OrganizationId,
    ) -> Result<(), Failure> {
        if !self.deleted.is_empty() {
            let parameters: [Parameter<'_>; 2] =
                [(&organization.get(), Type::INT4), (&self.deleted, Type::INT8_ARRAY)];
            session.execute(DELETE, &parameters).await?;
        }
        Ok(())
    }
}
