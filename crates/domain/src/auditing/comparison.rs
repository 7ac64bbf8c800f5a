//! Comparing one contact with its document.

use std::sync::Arc;

use super::finding::{Difference, Finding};
use super::stored::{StoredColumns, StoredContact, StoredEntry};
use crate::contact::document::ContactDocument;
use crate::contact::{
    ContactType, IntercomEntry, Projection, Record, Row, Snapshot, UnreadableDocument,
    read_document,
};
use crate::context::Settings;
use crate::decision::{Change, Parts};
use crate::ids::{ContactId, IdBlock, IdentityKeys, OrganizationId};
use crate::tree::{self, Member, SafeInteger};
use crate::value::{LinkId, ParseCache};

/// The result of auditing a contact.
#[derive(Debug, Clone)]
pub struct Audited {
    /// The findings; empty for a sound contact.
    pub findings: Vec<Finding>,
    /// The change that corrects all findings, or `None` if there are none or the document itself may
    /// be wrong.
    pub repair: Option<Change>,
    /// The highest readable id of this contact and its parts.
    pub highest_id: i64,
}

impl StoredContact {
    /// Compares the columns, relations and entry with the document. `settings` are those of the
    /// organization, or `None` if the organization does not exist. Keys that are being filled may be
    /// anything.
    pub fn audit(&self, settings: Option<Settings>) -> Audited {
        let document = match read_document(self.document_version, &self.document) {
            Ok(document) => document,
            Err(error) => return Audited::beyond_repair(vec![error.into()], self.key.id),
        };
        let highest_id = highest_id(self.key.id, &document);
        let Some(settings) = settings else {
            return Audited::beyond_repair(vec![Finding::NoOrganization], highest_id);
        };
        let (Some(id), Some(organization)) = self.identity(&document) else {
            return Audited::beyond_repair(self.identity_differences(&document), highest_id);
        };
        let Some(contact_type) = document.contact_type() else {
            return Audited::beyond_repair(vec![UnreadableDocument::NoType.into()], highest_id);
        };

        let due = Due::of(&document, contact_type, settings, self.deleted_at.is_some());
        let (columns, mut differences) =
            self.columns.differences(&self.columns.but_for(settings.filling, &due.columns));
        let relations = self.relation_differences(&due);
        let entry = self.entry_differences(&due);
        let parts = Parts { relations: !relations.is_empty(), entry: !entry.is_empty(), ..columns };
        differences.extend(relations);
        differences.extend(entry);
        let repair = (parts != Parts::default()).then(|| {
            let stored = self.identity_keys();
            let now = self.repaired(id, organization, due.projection, document);
            Change::repair(now, stored, parts)
        });
        let findings = differences.into_iter().map(Finding::Differs).collect();
        Audited { findings, repair, highest_id }
    }

    /// The ids of the contact, if the document names the same.
    fn identity(&self, document: &ContactDocument) -> (Option<ContactId>, Option<OrganizationId>) {
        let id = ContactId::new(self.key.id);
        let organization = OrganizationId::new(self.key.organization);
        (
            id.filter(|id| number(&document.id) == Some(id.get())),
            organization
                .filter(|id| number(&document.organization_id) == Some(i64::from(id.get()))),
        )
    }

    fn identity_differences(&self, document: &ContactDocument) -> Vec<Finding> {
        let (id, organization) = self.identity(document);
        let pairs = [
            (id.is_none(), "id", self.key.id, number(&document.id)),
            (
                organization.is_none(),
                "organization_id",
                self.key.organization.into(),
                number(&document.organization_id),
            ),
        ];
        let differing = pairs.into_iter().filter(|(differs, ..)| *differs);
        differing
            .map(|(_, what, stored, computed)| {
                // Both may hold the same number that is no valid id.
                let computed = computed.filter(|computed| *computed != stored);
                Finding::Differs(Difference {
                    what,
                    stored: Some(stored.to_string()),
                    computed: computed.map(|id| id.to_string()),
                })
            })
            .collect()
    }

    fn relation_differences(&self, due: &Due) -> Vec<Difference> {
        let mut stored = self.relations.clone();
        stored.sort_unstable();
        difference("relations", list(&stored), list(&due.relations))
    }

    fn entry_differences(&self, due: &Due) -> Vec<Difference> {
        match (&self.entry, &due.entry) {
            (None, None) => Vec::new(),
            (Some(stored), Some(due)) => stored.differences(due),
            (stored, due) => {
                let name = |entry: &Option<StoredEntry>| Some(entry.as_ref()?.name.clone());
                difference("entry", name(stored), name(due))
            }
        }
    }

    /// The stored keys of a living contact. An unreadable link id is no key.
    fn identity_keys(&self) -> IdentityKeys {
        if self.deleted_at.is_some() {
            return IdentityKeys::default();
        }
        let StoredColumns { external_id, link_id, .. } = &self.columns;
        IdentityKeys {
            external_id: external_id.clone(),
            link_id: link_id.as_ref().and_then(|text| LinkId::parse(text).ok()),
        }
    }

    /// The contact with the columns that follow from its document.
    fn repaired(
        &self,
        id: ContactId,
        organization: OrganizationId,
        projection: Projection,
        document: ContactDocument,
    ) -> Row {
        let record = Record {
            id,
            organization,
            projection,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            document_version: self.document_version,
            document: self.document.clone(),
            digest: None,
        };
        Snapshot { record: Arc::new(record), document }.row()
    }
}

impl Audited {
    fn beyond_repair(findings: Vec<Finding>, highest_id: i64) -> Self {
        Self { findings, repair: None, highest_id }
    }
}

/// The columns, relations and entry that follow from a document.
struct Due {
    projection: Projection,
    columns: StoredColumns,
    relations: Vec<i64>,
    entry: Option<StoredEntry>,
}

impl Due {
    fn of(
        document: &ContactDocument,
        contact_type: ContactType,
        settings: Settings,
        deleted: bool,
    ) -> Self {
        let cache = &mut ParseCache::new(settings.region);
        let projection = Projection::of(document, contact_type, settings.match_by, cache);
        let entry = if deleted { None } else { IntercomEntry::of(document) };
        Self {
            columns: StoredColumns::from(&projection),
            projection,
            relations: document.relations().into_iter().map(ContactId::get).collect(),
            entry: entry.as_ref().map(StoredEntry::from),
        }
    }
}

fn difference(
    what: &'static str,
    stored: Option<String>,
    computed: Option<String>,
) -> Vec<Difference> {
    if stored == computed { Vec::new() } else { vec![Difference { what, stored, computed }] }
}

fn list(ids: &[i64]) -> Option<String> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

fn number(member: &Member<SafeInteger>) -> Option<i64> {
    member.get().map(|whole| whole.get())
}

/// The highest id of the contact and its parts.
fn highest_id(id: i64, document: &ContactDocument) -> i64 {
    let mut none = IdBlock::new(1, 0);
    tree::assign_ids(&mut document.clone(), id, &mut none).highest
}
