//! The ports, with the claims about each.

use super::claim::Claim;
use super::claims::{
    access, answering, auditing, concurrency, entries, filtering, keys, ledger, lifecycle, listing,
    matching, merging, planning, purging, references, searching, settings, state, tenancy,
    unlinking, writing,
};

/// A port, with the claims about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// [`ContactStore`](contacts_application::ports::ContactStore).
    Contacts,
    /// [`IntercomDirectory`](contacts_application::ports::IntercomDirectory), beside a store of contacts.
    Directory,
    /// [`ContactList`](contacts_application::ports::ContactList), beside a store of contacts and its ledger.
    ContactList,
    /// [`AccessStore`](contacts_application::ports::AccessStore).
    Access,
    /// [`Audit`](contacts_application::ports::Audit), beside a store of contacts.
    Audit,
    /// [`OrganizationSettings`](contacts_application::ports::OrganizationSettings), beside all others.
    Settings,
    /// [`StoreState`](contacts_application::ports::StoreState), beside a store of contacts.
    State,
    /// [`Ledger`](contacts_application::ports::Ledger), beside a store of contacts and its audit.
    Ledger,
    /// [`SearchIndex`](contacts_application::ports::SearchIndex), beside a list of contacts, their ledger and
    /// the settings of organizations.
    Search,
    /// [`KeptAnswers`](contacts_application::ports::KeptAnswers), beside a store of contacts.
    Answers,
    /// [`KeptPlans`](contacts_application::ports::KeptPlans), beside kept answers and a store of contacts.
    Plans,
}

impl Port {
    /// Every port.
    pub const ALL: [Self; 11] = [
        Self::Contacts,
        Self::Directory,
        Self::ContactList,
        Self::Access,
        Self::Audit,
        Self::Settings,
        Self::State,
        Self::Ledger,
        Self::Search,
        Self::Answers,
        Self::Plans,
    ];

    /// The claims about it.
    pub fn claims(self) -> Vec<Claim> {
        match self {
            Self::Contacts => [
                writing::CLAIMS,
                writing::dry_runs::CLAIMS,
                keys::CLAIMS,
                matching::CLAIMS,
                lifecycle::CLAIMS,
                merging::CLAIMS,
                purging::CLAIMS,
                matching::recognizing::CLAIMS,
                references::CLAIMS,
                tenancy::CLAIMS,
                concurrency::CLAIMS,
            ]
            .concat(),
            Self::Directory => [
                entries::CLAIMS,
                unlinking::CLAIMS,
                listing::CLAIMS,
                filtering::CLAIMS,
                concurrency::DIRECTORY_CLAIMS,
            ]
            .concat(),
            Self::ContactList => [listing::contacts::CLAIMS, listing::export::CLAIMS].concat(),
            Self::Access => access::CLAIMS.to_vec(),
            Self::Audit => auditing::CLAIMS.to_vec(),
            Self::Settings => settings::CLAIMS.to_vec(),
            Self::State => state::CLAIMS.to_vec(),
            Self::Ledger => [
                ledger::CLAIMS,
                ledger::feed::CLAIMS,
                ledger::undoing::CLAIMS,
                matching::recognizing::LEDGER_CLAIMS,
                purging::LEDGER_CLAIMS,
            ]
            .concat(),
            Self::Search => [searching::CLAIMS, searching::indexing::CLAIMS].concat(),
            Self::Answers => answering::CLAIMS.to_vec(),
            Self::Plans => planning::CLAIMS.to_vec(),
        }
    }
}
