//! What every handler works with.

use std::sync::Arc;

use bytes::Bytes;
use contacts_application::ports::{AccessStore, Clock, ContactStore, IntercomDirectory};
use contacts_application::use_cases::{
    Authenticate, GetContact, GetEntry, ListEntries, MergeContacts, UnlinkContacts, UpsertContacts,
};
use utoipa::openapi::OpenApi;

use crate::limits::Limits;
use crate::settings::Settings;

/// The use cases that the front doors offer.
pub struct Services {
    /// Finds out who is calling.
    pub authenticate: Authenticate,
    /// Creates or updates a batch of contacts.
    pub upsert_contacts: UpsertContacts,
    /// Shows one contact.
    pub get_contact: GetContact,
    /// Merges two contacts.
    pub merge_contacts: MergeContacts,
    /// Shows one entry of the directory of intercoms.
    pub get_entry: GetEntry,
    /// Lists the entries of the directory of intercoms.
    pub list_entries: ListEntries,
    /// Takes contacts out of the directory of intercoms.
    pub unlink_contacts: UnlinkContacts,
}

impl Services {
    /// The use cases on these ports.
    pub fn new(
        contacts: Arc<dyn ContactStore>,
        directory: Arc<dyn IntercomDirectory>,
        access: Arc<dyn AccessStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            authenticate: Authenticate::new(access, clock.clone()),
            upsert_contacts: UpsertContacts::new(contacts.clone(), clock.clone()),
            get_contact: GetContact::new(contacts.clone()),
            merge_contacts: MergeContacts::new(contacts.clone(), clock.clone()),
            get_entry: GetEntry::new(contacts.clone()),
            list_entries: ListEntries::new(directory),
            unlink_contacts: UnlinkContacts::new(contacts, clock),
        }
    }
}

/// The state of the router: cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) services: Arc<Services>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) limits: Arc<Limits>,
    /// The API description as JSON.
    pub(crate) description: Bytes,
}

impl AppState {
    pub(crate) fn new(services: Services, settings: Settings, description: &OpenApi) -> Self {
        Self {
            services: Arc::new(services),
            limits: Arc::new(Limits::new(&settings)),
            settings: Arc::new(settings),
            // Strings, numbers and maps with text keys: this cannot fail, and if it ever did, the
            // test of the served document would say so.
            description: serde_json::to_vec(description).unwrap_or_default().into(),
        }
    }
}
