//! What a store brings to the suite.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{
    AccessStore, Audit, ContactList, ContactStore, IntercomDirectory, KeptAnswers, KeptPlans,
    Ledger, OrganizationSettings, SearchIndex, StoreState,
};
use contacts_domain::ContactId;
use contacts_domain::contact::{IntercomEntry, Record};

use crate::{MemoryStore, organization};

/// A fresh store without contacts. It owns everything that has to live as long as the store.
///
/// Where the store knows organizations, [`organization(1)`](organization) and `organization(2)`
/// exist: see [`add_organizations`]. Implement the methods that the claims about your ports need.
#[async_trait]
pub trait StoreUnderTest: Send + Sync + 'static {
    /// The store of contacts. All claims need it except those about [`Port::Access`](super::Port::Access).
    fn contacts(&self) -> Arc<dyn ContactStore> {
        unimplemented!("these claims need a `ContactStore`")
    }

    /// Every stored contact, of all organizations, deleted ones included, in any order. All claims
    /// need it but those about [`Port::Access`](super::Port::Access).
    async fn everything(&self) -> Vec<Record> {
        unimplemented!("these claims need all stored contacts")
    }

    /// The directory of intercoms, for [`Port::Directory`](super::Port::Directory).
    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        unimplemented!("these claims need an `IntercomDirectory`")
    }

    /// The list of contacts, for [`Port::ContactList`](super::Port::ContactList).
    fn contact_list(&self) -> Arc<dyn ContactList> {
        unimplemented!("these claims need a `ContactList`")
    }

    /// The store of organizations and tokens, for [`Port::Access`](super::Port::Access).
    fn access(&self) -> Arc<dyn AccessStore> {
        unimplemented!("these claims need an `AccessStore`")
    }

    /// The audit of the store, for [`Port::Audit`](super::Port::Audit).
    fn audit(&self) -> Arc<dyn Audit> {
        unimplemented!("these claims need an `Audit`")
    }

    /// The settings of organizations, for [`Port::Settings`](super::Port::Settings).
    fn settings(&self) -> Arc<dyn OrganizationSettings> {
        unimplemented!("these claims need `OrganizationSettings`")
    }

    /// What the store says of itself, for [`Port::State`](super::Port::State).
    fn state(&self) -> Arc<dyn StoreState> {
        unimplemented!("these claims need a `StoreState`")
    }

    /// The ledger of the store, for [`Port::Ledger`](super::Port::Ledger).
    fn ledger(&self) -> Arc<dyn Ledger> {
        unimplemented!("these claims need a `Ledger`")
    }

    /// The index of searches, for [`Port::Search`](super::Port::Search).
    fn search_index(&self) -> Arc<dyn SearchIndex> {
        unimplemented!("these claims need a `SearchIndex`")
    }

    /// The store of answers, for [`Port::Answers`](super::Port::Answers).
    fn answers(&self) -> Arc<dyn KeptAnswers> {
        unimplemented!("these claims need `KeptAnswers`")
    }

    /// The store of plans, for [`Port::Plans`](super::Port::Plans).
    fn plans(&self) -> Arc<dyn KeptPlans> {
        unimplemented!("these claims need `KeptPlans`")
    }

    /// Replaces a stored row, its relations and its entry, right or wrong, past every check of the
    /// store. For [`Port::Audit`](super::Port::Audit).
    async fn overwrite(
        &self,
        _record: &Record,
        _relations: &[ContactId],
        _entry: Option<&IntercomEntry>,
    ) {
        unimplemented!("these claims overwrite stored contacts")
    }
}

#[async_trait]
impl StoreUnderTest for Arc<MemoryStore> {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        self.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        self.records()
    }

    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        self.clone()
    }

    fn contact_list(&self) -> Arc<dyn ContactList> {
        self.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.clone()
    }

    fn audit(&self) -> Arc<dyn Audit> {
        self.clone()
    }

    fn settings(&self) -> Arc<dyn OrganizationSettings> {
        self.clone()
    }

    fn state(&self) -> Arc<dyn StoreState> {
        self.clone()
    }

    fn ledger(&self) -> Arc<dyn Ledger> {
        self.clone()
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.clone()
    }

    fn answers(&self) -> Arc<dyn KeptAnswers> {
        self.clone()
    }

    fn plans(&self) -> Arc<dyn KeptPlans> {
        self.clone()
    }

    async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    ) {
        MemoryStore::overwrite(self, record.clone(), relations.to_vec(), entry.cloned());
    }
}

/// Adds the organizations that the claims work with.
pub async fn add_organizations(access: &dyn AccessStore) {
    for id in [1, 2] {
        let added = access.add_organization(organization(id)).await;
        assert!(added.expect("organizations are added"), "organization {id} exists already");
    }
}
