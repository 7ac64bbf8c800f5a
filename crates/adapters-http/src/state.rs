//! The use cases behind the APIs, and the state of the router.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use bytes::Bytes;
use contacts_application::ports::{
    AccessStore, Clock, ContactList, ContactStore, IntercomDirectory, KeptAnswers, KeptPlans,
    Ledger, OrganizationSettings, SearchIndex, StoreState,
};
use contacts_application::use_cases::{
    AnswerOnce, Authenticate, DeleteContacts, ExportContacts, GetContact, GetEntry, IndexContacts,
    KeepPlans, ListContacts, ListEntries, MergeContacts, PruneLedger, PurgeContacts, ReadFeed,
    ReadLedger, RestoreContact, SetOrganization, UndoRun, UnlinkContacts, UpsertContacts,
};
use utoipa::openapi::OpenApi;

use crate::limits::Limits;
use crate::operation::readiness_check::Readiness;
use crate::settings::Settings;
use crate::telemetry::metrics::{CertificateExpiry, Gauges, Metrics};
use crate::v1::changes::Feeds;

/// The use cases behind the APIs.
pub struct Services {
    /// Authenticates the caller.
    pub authenticate: Arc<Authenticate>,
    /// Does requests with an idempotency key once.
    pub answer_once: AnswerOnce,
    /// Creates or updates a batch of contacts.
    pub upsert_contacts: UpsertContacts,
    /// Keeps plans.
    pub keep_plans: KeepPlans,
    /// Shows one contact.
    pub get_contact: GetContact,
    /// Lists contacts.
    pub list_contacts: ListContacts,
    /// Exports contacts.
    pub export_contacts: ExportContacts,
    /// Deletes contacts.
    pub delete_contacts: DeleteContacts,
    /// Purges contacts.
    pub purge_contacts: PurgeContacts,
    /// Restores a deleted contact.
    pub restore_contact: RestoreContact,
    /// Merges two contacts.
    pub merge_contacts: MergeContacts,
    /// Shows one entry of the directory of intercoms.
    pub get_entry: GetEntry,
    /// Lists the entries of the directory of intercoms.
    pub list_entries: ListEntries,
    /// Takes contacts out of the directory of intercoms.
    pub unlink_contacts: UnlinkContacts,
    /// Changes the settings of an organization.
    pub set_organization: SetOrganization,
    /// What the store says of itself.
    pub state: Arc<dyn StoreState>,
    /// Shows runs and histories.
    pub read_ledger: ReadLedger,
    /// Takes runs back.
    pub undo_run: UndoRun,
    /// Shows what has changed.
    pub read_feed: Arc<ReadFeed>,
    /// When the certificate of the server expires; without TLS, nothing shows it.
    pub certificate_expiry: Option<CertificateExpiry>,
    /// Indexes contacts for searches. Somebody has to [execute](IndexContacts::execute) it, again and
    /// again.
    pub index_contacts: Arc<IndexContacts>,
    /// Prunes the ledger, if somebody [executes](PruneLedger::execute) it; the metrics show how far it is
    /// behind.
    pub prune_ledger: Option<Arc<PruneLedger>>,
}

/// The ports that the use cases work on.
#[derive(Clone)]
pub struct Ports {
    /// The store of contacts.
    pub contacts: Arc<dyn ContactStore>,
    /// The list of contacts.
    pub list: Arc<dyn ContactList>,
    /// The directory of intercoms.
    pub directory: Arc<dyn IntercomDirectory>,
    /// The organizations and tokens.
    pub access: Arc<dyn AccessStore>,
    /// The settings of organizations.
    pub settings: Arc<dyn OrganizationSettings>,
    /// What the store says of itself.
    pub state: Arc<dyn StoreState>,
    /// The answers of requests with an idempotency key.
    pub answers: Arc<dyn KeptAnswers>,
    /// The plans.
    pub plans: Arc<dyn KeptPlans>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// The index of searches.
    pub search: Arc<dyn SearchIndex>,
}

impl Ports {
    /// The ports of one store that has all of them.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: ContactStore
            + ContactList
            + IntercomDirectory
            + AccessStore
            + OrganizationSettings
            + StoreState
            + KeptAnswers
            + KeptPlans
            + Ledger
            + SearchIndex
            + 'static,
    {
        Self {
            contacts: store.clone(),
            list: store.clone(),
            directory: store.clone(),
            access: store.clone(),
            settings: store.clone(),
            state: store.clone(),
            answers: store.clone(),
            plans: store.clone(),
            ledger: store.clone(),
            search: store,
        }
    }
}

impl Services {
    /// The use cases on these ports.
    pub fn new(ports: Ports, clock: Arc<dyn Clock>) -> Self {
        let Ports {
            contacts,
            list,
            directory,
            access,
            settings,
            state,
            answers,
            plans,
            ledger,
            search,
        } = ports;
        Self {
            keep_plans: KeepPlans::new(plans, answers.clone(), clock.clone()),
            answer_once: AnswerOnce::new(answers, clock.clone()),
            index_contacts: Arc::new(IndexContacts::new(
                search,
                ledger.clone(),
                access.clone(),
                clock.clone(),
            )),
            authenticate: Arc::new(Authenticate::new(access, clock.clone())),
            upsert_contacts: UpsertContacts::new(contacts.clone(), clock.clone()),
            get_contact: GetContact::new(contacts.clone()),
            list_contacts: ListContacts::new(list.clone()),
            export_contacts: ExportContacts::new(list, clock.clone()),
            delete_contacts: DeleteContacts::new(contacts.clone(), clock.clone()),
            purge_contacts: PurgeContacts::new(contacts.clone(), clock.clone()),
            restore_contact: RestoreContact::new(contacts.clone(), clock.clone()),
            merge_contacts: MergeContacts::new(contacts.clone(), clock.clone()),
            get_entry: GetEntry::new(contacts.clone()),
            list_entries: ListEntries::new(directory),
            unlink_contacts: UnlinkContacts::new(contacts.clone(), clock.clone()),
            undo_run: UndoRun::new(ledger.clone(), contacts, clock.clone()),
            set_organization: SetOrganization::new(settings),
            read_ledger: ReadLedger::new(ledger.clone()),
            read_feed: Arc::new(ReadFeed::new(ledger, clock)),
            state,
            certificate_expiry: None,
            prune_ledger: None,
        }
    }
}

/// The state of the router: one pointer, because each layer around a handler clones it for each request.
/// Handlers extract the part that they need.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// What the state holds.
pub(crate) struct Parts {
    pub(crate) services: Arc<Services>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readiness: Arc<Readiness>,
    /// Wakes the readers of the change feed who wait.
    pub(crate) feeds: Arc<Feeds>,
    /// Wakes those who wait until changes are indexed.
    pub(crate) indexed: Arc<Feeds>,
    /// The API description as JSON.
    description: Bytes,
}

impl AppState {
    pub(crate) fn new(services: Services, mut settings: Settings, description: &OpenApi) -> Self {
        let limits = Arc::new(Limits::new(&settings));
        settings.max_items = settings.max_items.min(limits.items_at_once());
        let store = services.state.clone();
        let certificate = services.certificate_expiry.clone();
        let index = services.index_contacts.clone();
        let gauges = Gauges {
            store: store.clone(),
            limits: limits.clone(),
            index: index.clone(),
            ledger: services.prune_ledger.clone(),
        };
        Self(Arc::new(Parts {
            feeds: Arc::new(Feeds::new(services.read_feed.clone())),
            indexed: Arc::new(Feeds::new(index)),
            services: Arc::new(services),
            limits,
            metrics: Arc::new(Metrics::new(settings.version.clone(), certificate, gauges)),
            readiness: Arc::new(Readiness::new(store)),
            settings: Arc::new(settings),
            // Strings, numbers and maps with text keys cannot fail. If they did, the test of the
            // served description would.
            description: serde_json::to_vec(description).unwrap_or_default().into(),
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Arc<Services> {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}

impl FromRef<AppState> for Arc<Settings> {
    fn from_ref(state: &AppState) -> Self {
        state.settings.clone()
    }
}

impl FromRef<AppState> for Arc<Metrics> {
    fn from_ref(state: &AppState) -> Self {
        state.metrics.clone()
    }
}

impl FromRef<AppState> for Arc<Readiness> {
    fn from_ref(state: &AppState) -> Self {
        state.readiness.clone()
    }
}

impl FromRef<AppState> for Bytes {
    fn from_ref(state: &AppState) -> Self {
        state.description.clone()
    }
}
