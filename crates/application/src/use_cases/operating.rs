//! What operates a hub: access, settings, work in the background, checks and copies.

mod authenticate;
mod check_contacts;
mod copy_rows;
mod fill_keys;
mod forget_answers;
mod forget_plans;
mod index_contacts;
mod manage_access;
mod prune_ledger;
mod purge_deleted;
mod set_organization;

pub use authenticate::{AccessError, Authenticate, Caller, UseCaseError};
pub use check_contacts::{CheckContacts, CheckReport, Mode, Notice};
pub use copy_rows::CopyRows;
pub use fill_keys::FillKeys;
pub use forget_answers::ForgetAnswers;
pub use forget_plans::ForgetPlans;
pub use index_contacts::IndexContacts;
pub use manage_access::{ManageAccess, ManageAccessError, Successor};
pub use prune_ledger::PruneLedger;
pub use purge_deleted::PurgeDeleted;
pub use set_organization::SetOrganization;
