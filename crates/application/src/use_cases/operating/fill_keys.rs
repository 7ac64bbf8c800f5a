//! Stores contacts with the keys that the settings of their organization ask for.

use std::sync::Arc;

use contacts_domain::auditing::{Discrepancy, Remedy, Repair};
use contacts_domain::{MatchBy, OrganizationId, Settings};

use crate::access::{Filling, Organization};
use crate::ports::{AccessStore, FillingStep, OrganizationSettings, StoreError};

/// The number of contacts of a step. Other writes wait for a step: it takes SQLite's writer about
/// 50 ms.
const STEP: u32 = 500;

/// Stores contacts with the keys that the settings of their organization ask for, a few at a time.
///
/// It may be interrupted at any time; whoever runs it next goes on where it ended. Several may run
/// at once.
pub struct FillKeys {
    access: Arc<dyn AccessStore>,
    settings: Arc<dyn OrganizationSettings>,
}

impl FillKeys {
    /// Works on that store.
    pub fn new(access: Arc<dyn AccessStore>, settings: Arc<dyn OrganizationSettings>) -> Self {
        Self { access, settings }
    }

    /// Fills the keys of an organization until no contact lacks one, and reports the progress after
    /// each step. Returns the contacts that could not be filled, because their document cannot be
    /// read or they have other faults that cannot be corrected.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; the steps before stay.
    pub async fn execute(
        &self,
        id: OrganizationId,
        notice: &mut (dyn FnMut(Filling) + Send),
    ) -> Result<Vec<Discrepancy>, StoreError> {
        let mut left_out = Vec::new();
        while let Some(organization) = self.access.organization(id).await? {
            if !organization.is_being_filled() {
                break;
            }
            notice(organization.filling);
            let step = self.step(&organization).await?;
            // Somebody else may have made the step, or changed the settings.
            if let Some(found) = self.settings.fill(Arc::new(step)).await? {
                let is_left_out = |found: &Discrepancy| found.remedy != Remedy::Mended;
                left_out.extend(found.into_iter().filter(is_left_out));
            }
        }
        Ok(left_out)
    }

    /// The organizations with keys to fill.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    pub async fn unfinished(&self) -> Result<Vec<OrganizationId>, StoreError> {
        let organizations = self.settings.organizations().await?;
        let unfinished = organizations.iter().filter(|found| found.is_being_filled());
        Ok(unfinished.map(|organization| organization.id).collect())
    }

    /// The next step. Contacts that are added meanwhile have the keys from the start.
    async fn step(&self, organization: &Organization) -> Result<FillingStep, StoreError> {
        let Organization { id, settings, filling: from, .. } = organization;
        let contacts = self.settings.ids_after(*id, from.to, STEP).await?;
        let count = i64::try_from(contacts.len()).unwrap_or(i64::MAX);
        let to = contacts.last().map_or(from.to, |last| last.get());
        let is_last = count < i64::from(STEP);
        // The keys to be filled count as any other column, so that the repair corrects them.
        let repaired = Settings { filling: MatchBy::NONE, ..*settings };
        Ok(FillingStep {
            repair: Repair::new(*id, repaired, contacts),
            from: *from,
            to: Filling { to, done: from.done + count, of: from.of },
            left: if is_last { MatchBy::NONE } else { settings.filling },
        })
    }
}
