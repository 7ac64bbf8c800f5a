//! Compares every stored contact with its document, and corrects differences on request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use contacts_domain::auditing::{Audited, ContactKey, Discrepancy, Remedy, Repair, StoredContact};
use contacts_domain::{ContactId, OrganizationId, Settings};
use rayon::prelude::*;

use crate::compute::compute;
use crate::ports::{AccessStore, Audit, StoreError};

/// The number of contacts that are read, compared and corrected at a time.
const PAGE: u32 = 1_000;

/// Compares every stored contact with its document, and corrects differences on request.
///
/// Servers may run at the same time: each comparison and each correction reads a contact in one
/// transaction.
pub struct CheckContacts {
    audit: Arc<dyn Audit>,
    access: Arc<dyn AccessStore>,
}

/// What a check does about findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reports them.
    Report,
    /// Reports and corrects them.
    Repair,
}

/// An event of a running check.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The progress of the check.
    Checked {
        /// The number of contacts checked so far.
        contacts: u64,
        /// The approximate number of all contacts.
        of: u64,
    },
    /// A contact with findings.
    Discrepancy(&'a Discrepancy),
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// The number of contacts checked.
    pub contacts: u64,
    /// The number of contacts corrected.
    pub mended: u64,
    /// The number of contacts that still have findings.
    pub left: u64,
    /// The id that the store would assign next, if a contact or a part of one has it or a higher one
    /// already.
    pub next_id_in_use: Option<i64>,
    /// The highest id of a contact or a part of one.
    pub highest_id: i64,
}

impl CheckReport {
    /// Whether no findings are left and no id will be assigned twice.
    pub fn is_sound(&self) -> bool {
        self.left == 0 && self.next_id_in_use.is_none()
    }
}

impl CheckContacts {
    /// Checks that store.
    pub fn new(audit: Arc<dyn Audit>, access: Arc<dyn AccessStore>) -> Self {
        Self { audit, access }
    }

    /// Checks all contacts of all organizations, deleted ones included, and reports progress and
    /// findings.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; earlier corrections stay.
    pub async fn execute(
        &self,
        mode: Mode,
        notice: &mut (dyn FnMut(Notice<'_>) + Send),
    ) -> Result<CheckReport, StoreError> {
        let of = self.audit.contact_count().await?;
        let mut check = Check { notice, report: CheckReport::default() };
        let mut settings = SettingsOf::default();
        // Contacts that could not be corrected because other contacts had their keys.
        let mut waiting = Broken::default();
        let mut after = None;
        loop {
            let page = self.audit.contacts_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            settings.look_up(&*self.access, &page).await?;

            let broken = check.sort(compare(page, &settings).await?, mode);
            for discrepancy in self.mend(broken, &settings).await? {
                match discrepancy.remedy {
                    Remedy::KeyTaken { .. } => waiting.add(&discrepancy),
                    Remedy::Mended | Remedy::Untouched => check.found(&discrepancy),
                }
            }
            let contacts = check.report.contacts;
            (check.notice)(Notice::Checked { contacts, of: of.max(contacts) });
        }
        // The other contacts may have been corrected since; if not, one repair exchanges the keys.
        for discrepancy in self.mend(waiting, &settings).await? {
            check.found(&discrepancy);
        }
        // Read last, after the ids of all contacts were assigned.
        let next_id = self.audit.next_id().await?;
        check.report.next_id_in_use = (next_id <= check.report.highest_id).then_some(next_id);
        Ok(check.report)
    }

    async fn mend(
        &self,
        broken: Broken,
        settings: &SettingsOf,
    ) -> Result<Vec<Discrepancy>, StoreError> {
        let mut discrepancies = Vec::new();
        for (organization, contacts) in broken.0 {
            let Some(settings) = settings.of(organization.get()) else { continue };
            let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
            for contacts in contacts.chunks(size) {
                let repair = Repair::new(organization, settings, contacts.to_vec());
                discrepancies.extend(self.audit.repair(Arc::new(repair)).await?);
            }
        }
        Ok(discrepancies)
    }
}

/// Compares the contacts of a page with their documents, away from the threads of requests.
async fn compare(
    page: Vec<StoredContact>,
    settings: &SettingsOf,
) -> Result<Vec<(ContactKey, Audited)>, StoreError> {
    let settings = |contact: &StoredContact| settings.of(contact.key.organization);
    let page: Vec<_> = page.into_iter().map(|contact| (settings(&contact), contact)).collect();
    let audit = |(settings, contact): (_, StoredContact)| (contact.key, contact.audit(settings));
    let compared = compute(move || page.into_par_iter().map(audit).collect()).await;
    compared.map_err(StoreError::internal)
}

/// A running check.
struct Check<'n> {
    notice: &'n mut (dyn FnMut(Notice<'_>) + Send),
    report: CheckReport,
}

impl Check<'_> {
    /// Counts and reports findings, except those to be corrected.
    fn sort(&mut self, page: Vec<(ContactKey, Audited)>, mode: Mode) -> Broken {
        let mut broken = Broken::default();
        for (key, Audited { findings, repair, highest_id }) in page {
            self.report.contacts += 1;
            self.report.highest_id = self.report.highest_id.max(highest_id);
            if findings.is_empty() {
                continue;
            }
            let found = Discrepancy { key, findings, remedy: Remedy::Untouched };
            match mode {
                Mode::Repair if repair.is_some() => broken.add(&found),
                Mode::Repair | Mode::Report => self.found(&found),
            }
        }
        broken
    }

    fn found(&mut self, discrepancy: &Discrepancy) {
        match discrepancy.remedy {
            Remedy::Mended => self.report.mended += 1,
            Remedy::Untouched | Remedy::KeyTaken { .. } => self.report.left += 1,
        }
        (self.notice)(Notice::Discrepancy(discrepancy));
    }
}

/// Contacts to correct, by organization.
#[derive(Default)]
struct Broken(BTreeMap<OrganizationId, Vec<ContactId>>);

impl Broken {
    fn add(&mut self, Discrepancy { key, .. }: &Discrepancy) {
        // A contact that can be corrected has valid ids.
        if let (Some(organization), Some(id)) =
            (OrganizationId::new(key.organization), ContactId::new(key.id))
        {
            self.0.entry(organization).or_default().push(id);
        }
    }
}

/// The settings of organizations when their contacts were read last.
#[derive(Default)]
struct SettingsOf(HashMap<i32, Settings>);

impl SettingsOf {
    fn of(&self, organization: i32) -> Option<Settings> {
        self.0.get(&organization).copied()
    }

    /// Looks up the organizations of these contacts after reading the contacts: an organization that
    /// is missing now was missing then, and a key that changed meanwhile is being filled.
    async fn look_up(
        &mut self,
        access: &dyn AccessStore,
        page: &[StoredContact],
    ) -> Result<(), StoreError> {
        let met: BTreeSet<i32> = page.iter().map(|contact| contact.key.organization).collect();
        for id in met.into_iter().filter_map(OrganizationId::new) {
            if let Some(organization) = access.organization(id).await? {
                self.0.insert(id.get(), organization.settings);
            }
        }
        Ok(())
    }
}
