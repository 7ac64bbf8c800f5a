//! Restoring a deleted contact.

use std::sync::Arc;

use crate::contact::{Record, Snapshot};
use crate::context::Context;
use crate::decision::{AliasKey, Change, Decision, Loaded, LookupKeys, Writes};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds, Version};

/// The contact after it was restored, or why it was not.
pub type RestoreReport = Result<Arc<Record>, NotRestored>;

/// Why a contact is not restored. Nothing is written then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRestored {
    /// There is no such contact.
    #[error("there is no such contact")]
    Unknown,
    /// It was merged into that one.
    #[error("the contact was merged into contact {0}")]
    Merged(ContactId),
    /// It is in another version than the request names.
    #[error("the current version is {0}")]
    Stale(Version),
    /// Another contact has a key that it had.
    #[error("its {key} belongs to contact {owner} by now")]
    KeyTaken {
        /// The name of the key.
        key: &'static str,
        /// The contact that has it.
        owner: ContactId,
    },
    /// It has other keys than those that were looked up: it has changed since it was read.
    #[error("the contact has changed since it was read")]
    Overtaken,
    /// Its document cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// The restoration of a deleted contact, with the keys that it had. Restoring a living one changes
/// nothing.
#[derive(Debug, Clone)]
pub struct Restore {
    context: Context,
    contact: ContactId,
    version: Option<Version>,
    lookup_keys: LookupKeys,
    dry_run: bool,
}

impl Restore {
    /// The restoration of the contact that was read as this record, in that version if one is named.
    pub fn new(context: Context, read: &Record, version: Option<Version>) -> Self {
        let lookup_keys = LookupKeys {
            ids: vec![read.id],
            deleted: vec![read.id],
            external_ids: read.projection.external_id.iter().cloned().collect(),
            link_ids: read.projection.link_id.iter().copied().collect(),
            references: vec![read.id],
            ..LookupKeys::default()
        };
        Self { context, contact: read.id, version, lookup_keys, dry_run: false }
    }

    /// The same restoration, decided without writing anything.
    #[must_use]
    pub fn without_writing(self) -> Self {
        Self { dry_run: true, ..self }
    }

    fn decided(&self, loaded: Loaded) -> Result<(Writes, Arc<Record>), NotRestored> {
        let merged = AliasKey::Id(self.contact);
        if let Some(alias) = loaded.aliases.iter().find(|alias| alias.key == merged) {
            return Err(NotRestored::Merged(alias.contact));
        }
        let (own, others): (Vec<Record>, Vec<Record>) =
            loaded.contacts.into_iter().partition(|record| record.id == self.contact);
        let Some(stored) = own.into_iter().next() else { return Err(NotRestored::Unknown) };
        if stored.deleted_at.is_none() {
            return Ok((Writes::default(), Arc::new(stored)));
        }
        if self.version.is_some_and(|version| version != stored.version) {
            return Err(NotRestored::Stale(stored.version));
        }
        let had = |key: &Option<String>| key.iter().eq(&self.lookup_keys.external_ids);
        let projection = &stored.projection;
        if !had(&projection.external_id)
            || !projection.link_id.iter().eq(&self.lookup_keys.link_ids)
        {
            return Err(NotRestored::Overtaken);
        }
        for (key, name) in [
            (projection.external_id.clone().map(AliasKey::ExternalId), "externalId"),
            (projection.link_id.map(AliasKey::LinkId), "linkId"),
        ] {
            let Some(key) = key else { continue };
            let has = |record: &&Record| record.identity_keys().into_iter().any(|own| own == key);
            let owner = others.iter().find(has).map(|record| record.id);
            let leads = loaded.aliases.iter().find(|alias| alias.key == key);
            if let Some(owner) = owner.or(leads.map(|alias| alias.contact)) {
                return Err(NotRestored::KeyTaken { key: name, owner });
            }
        }
        let unreadable =
            |error: crate::contact::UnreadableDocument| NotRestored::Unreadable(error.to_string());
        let deleted = Snapshot::read(Arc::new(stored)).map_err(unreadable)?;
        let restored = deleted.restored(&self.context);
        let record = Arc::clone(&restored.record);
        let changes = vec![Change::between(&deleted.row(), restored.row(), None)];
        Ok((Writes { changes, ..Writes::default() }, record))
    }
}

impl Decision for Restore {
    type Report = RestoreReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn settings_version(&self) -> i64 {
        self.context.settings.version
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn ids_at_most(&self) -> i64 {
        0
    }

    fn work(&self, loaded: &Loaded) -> usize {
        loaded.contacts.iter().map(|contact| contact.document.len()).sum()
    }

    fn decide(
        &self,
        mut loaded: Loaded,
        ids: &mut IdBlock,
    ) -> Result<(Writes, RestoreReport), OutOfIds> {
        let runs = std::mem::take(&mut loaded.runs);
        Ok(match self.decided(loaded) {
            Ok((_, restored)) if self.dry_run => (Writes::default(), Ok(restored)),
            Ok((writes, restored)) => (writes.recorded(&self.context, &runs, ids)?, Ok(restored)),
            Err(refused) => (Writes::default(), Err(refused)),
        })
    }
}
