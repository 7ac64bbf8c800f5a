//! What reads contacts and their history.

mod export_contacts;
mod get_contact;
mod get_entry;
mod list_contacts;
mod list_entries;
mod read_feed;
mod read_ledger;

pub use export_contacts::ExportContacts;
pub use get_contact::GetContact;
pub use get_entry::GetEntry;
pub use list_contacts::ListContacts;
pub use list_entries::ListEntries;
pub use read_feed::{Bookmark, ReadFeed};
pub use read_ledger::ReadLedger;
