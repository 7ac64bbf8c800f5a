//! The use cases, with mocks of the ports or the store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answer_once;
mod authenticate;
mod check_contacts;
mod chunking;
mod dry_run;
mod get_contact;
mod get_entry;
mod list_entries;
mod manage_access;
mod merge_contacts;
mod one_by_one;
mod recognition;
mod set_organization;
mod unlink_contacts;
mod upsert_contacts;
