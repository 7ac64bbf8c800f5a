//! What a front door can ask for. One file per use case, named by its verb.

mod authenticate;
mod get_contact;
mod manage_access;
mod merge_contacts;
mod upsert_contacts;

pub use authenticate::{Authenticate, Caller, Denied, NameNoOrganization};
pub use get_contact::GetContact;
pub use manage_access::{ManageAccess, NewOrganizationError};
pub use merge_contacts::MergeContacts;
pub use upsert_contacts::{PreparationPanicked, Request, UpsertContacts};
