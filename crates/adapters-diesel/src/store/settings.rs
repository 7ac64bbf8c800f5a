//! The port of the settings of organizations.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{FillingStep, OrganizationSettings, StoreError};
use contacts_domain::auditing::Discrepancy;
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;

use super::SqliteStore;
use crate::schema::{contact, organization};
use crate::statements::query;
use crate::statements::row::contact_id;
use crate::statements::settings::{self, OrganizationRow};

#[async_trait]
impl OrganizationSettings for SqliteStore {
    async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        self.access_readers
            .read(|connection| {
                let found: Vec<OrganizationRow> = organization::table
                    .order(organization::id)
                    .select(OrganizationRow::as_select())
                    .load(connection)?;
                found.into_iter().map(Organization::try_from).collect()
            })
            .await
    }

    async fn contacts_of(&self, id: OrganizationId) -> Result<i64, StoreError> {
        self.readers
            .read_long(move |connection| {
                let here = contact::table.filter(contact::organization_id.eq(id.get()));
                Ok(here.count().get_result(connection)?)
            })
            .await
    }

    async fn change_settings(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
    ) -> Result<Option<Organization>, StoreError> {
        self.writer
            .write(Some(id), move |transaction| {
                settings::change(transaction.connection, id, change, contacts)
            })
            .await
    }

    async fn ids_after(
        &self,
        id: OrganizationId,
        after: i64,
        at_most: u32,
    ) -> Result<Vec<ContactId>, StoreError> {
        self.readers
            .read_long(move |connection| {
                let found: Vec<i64> = query::ids_after(id.get(), after)
                    .limit(at_most.into())
                    .select(contact::id)
                    .load(connection)?;
                found.into_iter().map(contact_id).collect()
            })
            .await
    }

    async fn fill(&self, step: Arc<FillingStep>) -> Result<Option<Vec<Discrepancy>>, StoreError> {
        self.writer
            .write(Some(step.repair.organization()), move |transaction| {
                if !settings::move_on(transaction.connection, &step)? {
                    return Ok(None);
                }
                transaction.repair(&step.repair).map(Some)
            })
            .await
    }
}
