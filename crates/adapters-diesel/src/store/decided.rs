//! A decision that was made outside of a write transaction.

use contacts_domain::IdBlock;
use contacts_domain::contact::Record;
use contacts_domain::decision::{Decision, Loaded, Writes};

use crate::connect::Failure;

/// What was decided, and on what.
pub(super) struct Decided<R> {
    /// What the decision has seen, without the documents.
    pub(super) seen: Loaded,
    pub(super) writes: Writes,
    pub(super) report: R,
    /// The ids that are left.
    pub(super) ids: IdBlock,
}

impl<R> Decided<R> {
    pub(super) fn new<D: Decision<Report = R>>(
        decision: &D,
        loaded: Loaded,
        mut ids: IdBlock,
    ) -> Result<Self, Failure> {
        let seen = Loaded {
            contacts: loaded.contacts.iter().map(without_document).collect(),
            aliases: loaded.aliases.clone(),
            email_owners: loaded.email_owners.clone(),
            references: loaded.references.clone(),
            contested: loaded.contested.clone(),
        };
        let (writes, report) = decision.decide(loaded, &mut ids)?;
        Ok(Self { seen, writes, report, ids })
    }
}

fn without_document(record: &Record) -> Record {
    let Record { id, organization, projection, version, created_at, updated_at, .. } = record;
    Record {
        id: *id,
        organization: *organization,
        projection: projection.clone(),
        version: *version,
        created_at: *created_at,
        updated_at: *updated_at,
        deleted_at: record.deleted_at,
        document_version: record.document_version,
        document: String::new(),
    }
}
