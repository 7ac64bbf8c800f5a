//! The comparison of one contact with what follows from its document.

use std::sync::Arc;

use super::finding::{Difference, Finding};
use super::stored::{StoredColumns, StoredContact, StoredEntry};
use crate::contact::document::ContactDocument;
use crate::contact::{
    Contact, ContactType, IntercomEntry, ParseCache, Projection, Record, Snapshot,
    UnreadableDocument, read_document,
};
use crate::ids::{ContactId, IdBlock, OrganizationId};
use crate::tree::{IdAssignment, Member, SafeInteger, Tree};
use crate::value::CountryCode;

/// What was found about a contact.
#[derive(Debug, Clone)]
pub struct Audited {
    /// What is wrong; empty where all is well.
    pub findings: Vec<Finding>,
    /// What is to be written to mend all of it; `None` where nothing is, or where it is the
    /// document that may be wrong.
    pub mend: Option<Mend>,
    /// The highest id that the hub gave this contact or a part of it, as far as it can be read.
    pub highest_id: i64,
}

/// What is to be written of a contact, so that it is as its document says.
#[derive(Debug, Clone)]
pub struct Mend {
    /// The contact as it should be: its document, its version and its times are those stored.
    pub contact: Contact,
    /// Whether the columns of its row differ.
    pub columns: bool,
    /// Whether it has an external id or link id by mistake, which another contact may take once
    /// this one is mended.
    pub gives_up_keys: bool,
    /// Whether its relations differ.
    pub relations: bool,
    /// Whether its entry differs.
    pub entry: bool,
}

impl StoredContact {
    /// Compares everything that stands beside the document with what follows from it, in an
    /// organization of that region; `None` where the organization does not exist.
    pub fn audit(&self, region: Option<CountryCode>) -> Audited {
        let document = match read_document(self.document_version, &self.document) {
            Ok(document) => document,
            Err(error) => return Audited::beyond_repair(vec![error.into()], self.place.id),
        };
        let highest_id = highest_id(self.place.id, &document);
        let Some(region) = region else {
            return Audited::beyond_repair(vec![Finding::NoOrganization], highest_id);
        };
        let (Some(id), Some(organization)) = self.identity(&document) else {
            return Audited::beyond_repair(self.identity_differences(&document), highest_id);
        };
        let Some(contact_type) = document.contact_type() else {
            return Audited::beyond_repair(vec![UnreadableDocument::NoType.into()], highest_id);
        };

        let due = Due::of(&document, contact_type, region, self.deleted_at.is_some());
        let columns = self.column_differences(&due);
        let relations = self.relation_differences(&due);
        let entry = self.entry_differences(&due);
        let gives_up_keys = self.deleted_at.is_none() && self.gives_up_keys(&due);
        let (has_columns, has_relations, has_entry) =
            (!columns.is_empty(), !relations.is_empty(), !entry.is_empty());
        let findings: Vec<Finding> =
            [columns, relations, entry].into_iter().flatten().map(Finding::Differs).collect();
        let mend = (!findings.is_empty()).then(|| Mend {
            contact: self.mended(id, organization, due.projection, document),
            columns: has_columns,
            gives_up_keys,
            relations: has_relations,
            entry: has_entry,
        });
        Audited { findings, mend, highest_id }
    }

    /// The ids of the contact, where its document names the same.
    fn identity(&self, document: &ContactDocument) -> (Option<ContactId>, Option<OrganizationId>) {
        let id = ContactId::new(self.place.id);
        let organization = OrganizationId::new(self.place.organization);
        (
            id.filter(|id| number(&document.id) == Some(id.get())),
            organization
                .filter(|id| number(&document.organization_id) == Some(i64::from(id.get()))),
        )
    }

    fn identity_differences(&self, document: &ContactDocument) -> Vec<Finding> {
        let (id, organization) = self.identity(document);
        let pairs = [
            (id.is_none(), "id", self.place.id, number(&document.id)),
            (
                organization.is_none(),
                "organization_id",
                self.place.organization.into(),
                number(&document.organization_id),
            ),
        ];
        let differing = pairs.into_iter().filter(|(differs, ..)| *differs);
        differing
            .map(|(_, what, stored, computed)| {
                // Two that agree on a number which is no id agree on nothing.
                let computed = computed.filter(|computed| *computed != stored);
                Finding::Differs(Difference {
                    what,
                    stored: Some(stored.to_string()),
                    computed: computed.map(|id| id.to_string()),
                })
            })
            .collect()
    }

    fn column_differences(&self, due: &Due) -> Vec<Difference> {
        if self.columns == due.columns {
            return Vec::new();
        }
        differences(self.columns.clone().columns(), due.columns.clone().columns())
    }

    fn relation_differences(&self, due: &Due) -> Vec<Difference> {
        let mut stored = self.relations.clone();
        stored.sort_unstable();
        differences([("relations", list(&stored))], [("relations", list(&due.relations))])
    }

    fn entry_differences(&self, due: &Due) -> Vec<Difference> {
        match (&self.entry, &due.entry) {
            (None, None) => Vec::new(),
            (Some(stored), Some(due)) => {
                differences(stored.clone().columns(), due.clone().columns())
            }
            (stored, due) => {
                let name = |entry: &Option<StoredEntry>| Some(entry.as_ref()?.name.clone());
                differences([("entry", name(stored))], [("entry", name(due))])
            }
        }
    }

    fn gives_up_keys(&self, due: &Due) -> bool {
        let gives_up = |stored: &Option<String>, due| stored.is_some() && stored != due;
        gives_up(&self.columns.external_id, &due.columns.external_id)
            || gives_up(&self.columns.link_id, &due.columns.link_id)
    }

    fn mended(
        &self,
        id: ContactId,
        organization: OrganizationId,
        projection: Projection,
        document: ContactDocument,
    ) -> Contact {
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
        };
        Contact::proven(Arc::new(Snapshot { record, document }))
    }
}

impl Audited {
    fn beyond_repair(findings: Vec<Finding>, highest_id: i64) -> Self {
        Self { findings, mend: None, highest_id }
    }
}

/// What follows from a document.
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
        region: CountryCode,
        deleted: bool,
    ) -> Self {
        let projection = Projection::of(document, contact_type, &mut ParseCache::new(region));
        let entry = if deleted { None } else { IntercomEntry::of(document) };
        Self {
            columns: StoredColumns::from(&projection),
            projection,
            relations: document.relations().into_iter().map(ContactId::get).collect(),
            entry: entry.as_ref().map(StoredEntry::from),
        }
    }
}

fn differences<const N: usize>(
    stored: [(&'static str, Option<String>); N],
    computed: [(&'static str, Option<String>); N],
) -> Vec<Difference> {
    let pairs = stored.into_iter().zip(computed);
    pairs
        .filter(|((_, stored), (_, computed))| stored != computed)
        .map(|((what, stored), (_, computed))| Difference { what, stored, computed })
        .collect()
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
    let mut numbering = IdAssignment::new(id, &mut none);
    document.clone().number(&mut numbering);
    numbering.highest()
}
