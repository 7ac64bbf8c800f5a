//! Checks every stored contact against its document, and mends what does not follow from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use contacts_domain::auditing::{Audited, ContactKey, Discrepancy, Remedy, Repair, StoredContact};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId};
use rayon::prelude::*;

use crate::compute::compute;
use crate::ports::{AccessStore, Audit, StoreError};

/// How many contacts are read, compared and mended at a time.
const PAGE: u32 = 1_000;

/// Checks every stored contact against its document, and mends what does not follow from it.
///
/// It works beside running servers: a contact is compared as it was at one moment, and mended as it
/// is at that moment.
pub struct CheckContacts {
    audit: Arc<dyn Audit>,
    access: Arc<dyn AccessStore>,
}

/// What is done about what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is told.
    Report,
    /// It is told and mended.
    Repair,
}

/// Something to tell while a check goes on.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// How many contacts were checked so far, of about how many.
    Checked {
        /// So far.
        contacts: u64,
        /// Of about that many; the number may turn out to be another.
        of: u64,
    },
    /// A contact is not as it should be.
    Discrepancy(&'a Discrepancy),
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// How many contacts were checked.
    pub contacts: u64,
    /// How many of them were mended.
    pub mended: u64,
    /// How many of them are not as they should be.
    pub left: u64,
    /// The id that the store will hand out next, where a contact or a part of one has it already,
    /// or a higher one.
    pub next_id_in_use: Option<i64>,
    /// The highest id that a contact or a part of one has.
    pub highest_id: i64,
}

impl CheckReport {
    /// Whether every contact is as it should be now, and no id will be handed out twice.
    pub fn is_sound(&self) -> bool {
        self.left == 0 && self.next_id_in_use.is_none()
    }
}

impl CheckContacts {
    /// Checks that store.
    pub fn new(audit: Arc<dyn Audit>, access: Arc<dyn AccessStore>) -> Self {
        Self { audit, access }
    }

    /// Checks all contacts of all organizations, deleted ones included, and gives notice of what is
    /// found and how far it is.
    ///
    /// # Errors
    ///
    /// When the store fails; what was mended until then stays so.
    pub async fn execute(
        &self,
        mode: Mode,
        notice: &mut (dyn FnMut(Notice<'_>) + Send),
    ) -> Result<CheckReport, StoreError> {
        let of = self.audit.contact_count().await?;
        let mut check = Check { notice, report: CheckReport::default() };
        let mut regions = Regions::default();
        // Contacts whose keys others had when they were to be mended.
        let mut waiting = Broken::default();
        let mut after = None;
        loop {
            let page = self.audit.contacts_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            regions.look_up(&*self.access, &page).await?;

            let broken = check.sort(compare(page, &regions).await?, mode);
            for discrepancy in self.mend(broken, &regions).await? {
                match discrepancy.remedy {
                    Remedy::KeyTaken { .. } => waiting.add(&discrepancy),
                    Remedy::Mended | Remedy::Untouched => check.found(&discrepancy),
                }
            }
            let contacts = check.report.contacts;
            (check.notice)(Notice::Checked { contacts, of: of.max(contacts) });
        }
        // By now those others may have been mended; if not, all who wait exchange keys together.
        for discrepancy in self.mend(waiting, &regions).await? {
            check.found(&discrepancy);
        }
        // Read last: the ids of all contacts seen had been handed out by then.
        let next_id = self.audit.next_id().await?;
        check.report.next_id_in_use = (next_id <= check.report.highest_id).then_some(next_id);
        Ok(check.report)
    }

    async fn mend(
        &self,
        broken: Broken,
        regions: &Regions,
    ) -> Result<Vec<Discrepancy>, StoreError> {
        let mut discrepancies = Vec::new();
        for (organization, contacts) in broken.0 {
            let Some(region) = regions.of(organization.get()) else { continue };
            let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
            for contacts in contacts.chunks(size) {
                let repair = Repair::new(organization, region, contacts.to_vec());
                discrepancies.extend(self.audit.repair(Arc::new(repair)).await?);
            }
        }
        Ok(discrepancies)
    }
}

/// Compares the contacts of a page with their documents, away from the threads that serve.
async fn compare(
    page: Vec<StoredContact>,
    regions: &Regions,
) -> Result<Vec<(ContactKey, Audited)>, StoreError> {
    let region = |contact: &StoredContact| regions.of(contact.key.organization);
    let page: Vec<_> = page.into_iter().map(|contact| (region(&contact), contact)).collect();
    let audit = |(region, contact): (_, StoredContact)| (contact.key, contact.audit(region));
    let compared = compute(move || page.into_par_iter().map(audit).collect()).await;
    compared.map_err(StoreError::internal)
}

/// A check under way.
struct Check<'n> {
    notice: &'n mut (dyn FnMut(Notice<'_>) + Send),
    report: CheckReport,
}

impl Check<'_> {
    /// Counts and tells what was found, but for what is to be mended.
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

/// Contacts to be mended, by organization.
#[derive(Default)]
struct Broken(BTreeMap<OrganizationId, Vec<ContactId>>);

impl Broken {
    fn add(&mut self, Discrepancy { key, .. }: &Discrepancy) {
        // What can be mended has ids that are ones.
        if let (Some(organization), Some(id)) =
            (OrganizationId::new(key.organization), ContactId::new(key.id))
        {
            self.0.entry(organization).or_default().push(id);
        }
    }
}

/// The regions of the organizations met so far.
#[derive(Default)]
struct Regions(HashMap<i32, CountryCode>);

impl Regions {
    fn of(&self, organization: i32) -> Option<CountryCode> {
        self.0.get(&organization).copied()
    }

    /// Looks up the organizations of these contacts, after they were read: one that is not there
    /// was not there when they were.
    async fn look_up(
        &mut self,
        access: &dyn AccessStore,
        page: &[StoredContact],
    ) -> Result<(), StoreError> {
        let met: BTreeSet<i32> = page.iter().map(|contact| contact.key.organization).collect();
        for id in met.into_iter().filter_map(OrganizationId::new) {
            if !self.0.contains_key(&id.get())
                && let Some(organization) = access.organization(id).await?
            {
                self.0.insert(id.get(), organization.region);
            }
        }
        Ok(())
    }
}
