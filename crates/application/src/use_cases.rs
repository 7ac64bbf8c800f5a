//! The use cases. One file each, named by its verb.

mod authenticate;
mod check_contacts;
mod delete_contacts;
mod fill_keys;
mod get_contact;
mod get_entry;
mod list_entries;
mod manage_access;
mod merge_contacts;
mod preparation;
mod prune_ledger;
mod read_feed;
mod read_ledger;
mod recognition;
mod restore_contact;
mod set_organization;
mod undo_run;
mod unlink_contacts;
mod upsert_contacts;

pub use authenticate::{AccessError, Authenticate, Caller, UseCaseError};
pub use check_contacts::{CheckContacts, CheckReport, Mode, Notice};
pub use delete_contacts::{DeleteContacts, Deletion};
pub use fill_keys::FillKeys;
pub use get_contact::GetContact;
pub use get_entry::GetEntry;
pub use list_entries::ListEntries;
pub use manage_access::{ManageAccess, ManageAccessError, Successor};
pub use merge_contacts::MergeContacts;
pub use prune_ledger::PruneLedger;
pub use read_feed::{Bookmark, ReadFeed};
pub use read_ledger::ReadLedger;
pub use restore_contact::RestoreContact;
pub use set_organization::SetOrganization;
pub use undo_run::{NotUndone, UndoRun};
pub use unlink_contacts::{EntryKey, UnlinkContacts};
pub use upsert_contacts::{Prepared, Request, UpsertContacts};
