//! The ports that the use cases need.

mod access_store;
mod audit;
mod clock;
mod contact_list;
mod contact_store;
mod error;
mod intercom_directory;
mod kept_answers;
mod kept_plans;
mod ledger;
mod open_error;
mod organization_settings;
mod schema;
mod search_index;
mod store_state;
mod stored_rows;

pub use access_store::AccessStore;
pub use audit::Audit;
pub use clock::Clock;
pub use contact_list::ContactList;
pub use contact_store::{ContactStore, Lifecycle};
pub use error::{StoreError, StoreErrorKind};
pub use intercom_directory::IntercomDirectory;
pub use kept_answers::KeptAnswers;
pub use kept_plans::KeptPlans;
pub use ledger::Ledger;
pub use open_error::{OpenError, OpenErrorKind};
pub use organization_settings::{FillingStep, OrganizationSettings};
pub use schema::SchemaState;
pub use search_index::{Behind, IndexStep, Indexed, SearchIndex};
pub use store_state::{Measurement, Reading, StoreState};
pub use stored_rows::{CopyError, OfOrganization, RowBatch, RowMessage, StoredRows, Totals};

/// The number of ids that a store reserves at a time. A restart loses the unused rest of a block;
/// 2^53 ids are 9·10^10 blocks.
pub const ID_BLOCK_SIZE: i64 = 100_000;

#[cfg(feature = "mocks")]
pub use {
    access_store::MockAccessStore, audit::MockAudit, clock::MockClock,
    contact_list::MockContactList, contact_store::MockContactStore,
    intercom_directory::MockIntercomDirectory, kept_answers::MockKeptAnswers,
    kept_plans::MockKeptPlans, ledger::MockLedger, organization_settings::MockOrganizationSettings,
    search_index::MockSearchIndex, store_state::MockStoreState,
};
