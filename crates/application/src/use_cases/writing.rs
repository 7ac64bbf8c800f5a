//! What changes contacts, each answered once.

mod delete_contacts;
mod keep_plans;
mod merge_contacts;
mod preparation;
mod purge_contacts;
mod recognition;
mod restore_contact;
mod undo_run;
mod unlink_contacts;
mod upsert_contacts;

pub use delete_contacts::{DeleteContacts, Deletion};
pub use keep_plans::KeepPlans;
pub use merge_contacts::{MergeContacts, Merging};
pub use purge_contacts::PurgeContacts;
pub use restore_contact::RestoreContact;
pub use undo_run::{NotUndone, UndoRun};
pub use unlink_contacts::{EntryKey, UnlinkContacts};
pub use upsert_contacts::{Prepared, Request, UpsertContacts};
