//! The contract suite: what every store promises, one claim a test.
//!
//! Whoever writes a store makes it a [`StoreUnderTest`] and runs the whole suite with
//! [`store_contract!`](crate::store_contract). The claims go through the ports alone; only to
//! prove that nothing else was stored do they look at everything there is.
//!
//! ```
//! use std::sync::Arc;
//!
//! use async_trait::async_trait;
//! use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};
//! use contacts_testing::MemoryStore;
//! use contacts_testing::contract::StoreUnderTest;
//! use contacts_domain::ContactId;
//! use contacts_domain::contact::{IntercomEntry, Record};
//!
//! /// A store on a database of its own, which is dropped with it.
//! struct Fresh {
//!     store: Arc<MemoryStore>,
//!     // _directory: tempfile::TempDir,
//! }
//!
//! #[async_trait]
//! impl StoreUnderTest for Fresh {
//!     fn contacts(&self) -> Arc<dyn ContactStore> {
//!         self.store.clone()
//!     }
//!
//!     fn directory(&self) -> Arc<dyn IntercomDirectory> {
//!         self.store.clone()
//!     }
//!
//!     fn access(&self) -> Arc<dyn AccessStore> {
//!         self.store.clone()
//!     }
//!
//!     fn audit(&self) -> Arc<dyn Audit> {
//!         self.store.clone()
//!     }
//!
//!     async fn everything(&self) -> Vec<Record> {
//!         self.store.records()
//!     }
//!
//!     async fn overwrite(
//!         &self,
//!         record: &Record,
//!         relations: &[ContactId],
//!         entry: Option<&IntercomEntry>,
//!     ) {
//!         MemoryStore::overwrite(&self.store, record.clone(), relations.to_vec(), entry.cloned());
//!     }
//! }
//!
//! async fn fresh() -> Fresh {
//!     Fresh { store: Arc::new(MemoryStore::default()) }
//! }
//!
//! contacts_testing::store_contract!(fresh().await);
//! # fn main() {}
//! ```

#![expect(missing_docs, reason = "the name of a claim says what it promises")]

mod access;
mod auditing;
mod concurrency;
mod entries;
mod filtering;
mod fixture;
mod keys;
mod lifecycle;
mod listing;
mod matching;
mod merging;
mod references;
mod tenancy;
mod unlinking;
mod writing;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::ContactId;
use contacts_domain::contact::{IntercomEntry, Record};

use super::MemoryStore;
use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};

pub use fixture::StoreFixture;

#[doc(hidden)]
pub mod claims {
    pub use super::access::*;
    pub use super::auditing::*;
    pub use super::concurrency::*;
    pub use super::entries::*;
    pub use super::filtering::*;
    pub use super::keys::*;
    pub use super::lifecycle::*;
    pub use super::listing::*;
    pub use super::matching::*;
    pub use super::merging::*;
    pub use super::references::*;
    pub use super::tenancy::*;
    pub use super::unlinking::*;
    pub use super::writing::*;
}

/// A fresh and empty store that is put to the test; it owns what has to live as long as the store.
#[async_trait]
pub trait StoreUnderTest: Send + Sync + 'static {
    /// The store of contacts.
    fn contacts(&self) -> Arc<dyn ContactStore>;

    /// The directory of intercoms.
    fn directory(&self) -> Arc<dyn IntercomDirectory>;

    /// The store of organizations and tokens.
    fn access(&self) -> Arc<dyn AccessStore>;

    /// What the store holds, as it stands there.
    fn audit(&self) -> Arc<dyn Audit>;

    /// Every stored contact, of all organizations, deleted ones included, in any order.
    async fn everything(&self) -> Vec<Record>;

    /// Puts a row, its relations and its entry in the place of those of its id, right or wrong,
    /// past everything that holds them to the document.
    async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    );
}

#[async_trait]
impl StoreUnderTest for Arc<MemoryStore> {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        self.clone()
    }

    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        self.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.clone()
    }

    fn audit(&self) -> Arc<dyn Audit> {
        self.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        self.records()
    }

    async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    ) {
        MemoryStore::overwrite(self, record.clone(), relations.to_vec(), entry.cloned());
    }
}

/// Runs the contract suite: one `#[tokio::test]` per claim, each on a fresh store.
///
/// The argument is an expression that makes a fresh [`StoreUnderTest`];
/// it stands in an `async fn`, so it may `.await`. Tests that talk to a store in parallel run on
/// several threads, so tokio is needed with the features `macros` and `rt-multi-thread`.
///
/// ```
/// use std::sync::Arc;
/// use contacts_testing::MemoryStore;
///
/// contacts_testing::store_contract!(Arc::new(MemoryStore::default()));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr) => {
        $crate::store_contract! {
            $fresh =>

            a_created_contact_is_stored_with_every_column
            the_same_again_is_unchanged_and_writes_nothing
            an_update_counts_a_version_and_keeps_the_time_of_creation
            items_on_one_contact_count_a_version_each
            a_refused_item_stores_nothing_and_stops_no_other
            an_atomic_batch_with_a_refused_item_stores_nothing
            an_atomic_batch_without_a_refused_item_is_stored
            a_batch_without_items_writes_nothing
            a_batch_of_thousands_is_stored_whole
            a_stale_version_is_refused_and_a_current_one_taken
            a_batch_ends_like_its_items_sent_one_by_one
            no_id_is_given_twice_to_contacts_or_what_they_contain

            three_items_with_one_new_external_id_make_one_contact
            a_key_with_nul_is_refused_and_stops_no_other
            a_key_given_up_is_free_for_the_next_item
            a_key_given_up_stays_free_for_later_batches
            a_key_moves_from_one_stored_contact_to_another
            two_contacts_exchange_their_keys_within_three_items
            a_key_in_use_refuses_only_the_item_that_wants_it
            keys_of_two_contacts_refuse_the_item_that_names_both
            external_ids_are_told_apart_byte_for_byte
            link_ids_are_the_same_in_any_case

            a_shared_key_of_one_contact_finds_it
            a_shared_key_of_several_contacts_is_refused_with_the_candidates
            a_shared_key_of_several_contacts_finds_the_oldest_where_asked
            a_shared_key_of_several_contacts_gives_way_to_the_next_key_where_asked
            a_phone_number_finds_a_mobile_number_and_the_other_way_round
            candidates_beyond_the_limit_are_left_out_highest_ids_first
            shared_keys_find_nothing_unless_asked_for

            a_living_contact_is_read_as_living_only
            a_deleted_contact_is_read_as_deleted_only
            a_contact_that_never_was_is_read_as_neither
            a_deleted_contact_is_not_found_by_any_key
            the_keys_of_a_deleted_contact_are_free_for_the_next_item
            the_key_of_a_deleted_contact_moves_to_a_stored_one

            a_merge_fills_the_target_and_deletes_the_source
            keys_that_a_merge_leaves_lead_to_the_target
            a_target_without_keys_takes_those_of_the_source
            a_key_that_a_merge_left_belongs_to_the_contact_that_is_given_it
            keys_left_behind_follow_a_second_merge
            keys_left_behind_lead_nowhere_once_the_target_is_deleted
            references_to_the_source_name_the_target
            a_refused_merge_changes_nothing

            a_relation_to_a_living_contact_is_stored
            a_relation_to_nobody_refuses_the_item
            a_new_contact_with_an_address_in_use_is_stored_with_a_warning
            the_warning_names_earlier_items_too
            the_warning_names_who_still_has_the_address

            organizations_may_have_the_same_keys
            an_organization_cannot_read_anothers_contacts
            an_organization_cannot_match_anothers_contacts
            keys_left_behind_mean_nothing_elsewhere
            an_organization_cannot_relate_to_anothers_contacts
            an_organization_cannot_merge_anothers_contacts

            batches_at_once_make_one_contact_per_external_id
            batches_at_once_make_one_entry_per_link_id
            batches_at_once_lose_no_update
            batches_at_once_make_one_contact_per_e_mail_address_where_they_match_by_it
            exchanges_at_once_end_with_every_key_in_one_hand
            one_of_two_merges_at_once_succeeds

            a_new_entry_is_listed_with_every_field
            an_entry_of_a_person_is_updated_in_place
            every_field_of_an_entry_changes_with_its_contact
            a_contact_is_an_entry_while_it_has_the_block
            a_deleted_contact_is_no_entry
            a_contact_that_comes_and_goes_in_one_batch_is_no_entry
            an_entry_follows_a_merge_whole_or_stays_where_it_is
            a_refused_item_leaves_the_directory_alone
            thousands_of_entries_are_listed
            each_organization_has_its_own_entries
            endpoints_are_hidden_from_requests_that_do_not_know_them

            an_unlinked_endpoint_is_deleted
            an_unlinked_person_stays_without_block_and_link_id
            an_unlinked_link_id_is_created_anew
            a_link_id_that_a_merge_left_is_unlinked_for_good
            a_contact_that_is_no_entry_is_not_unlinked_by_its_id
            only_entries_of_the_organization_are_unlinked

            entries_come_in_every_order_and_equal_ones_lowest_ids_first
            texts_are_ordered_by_their_bytes
            pages_show_every_entry_once
            the_total_counts_what_the_filter_selects_wherever_the_page_is
            an_empty_directory_is_an_empty_page

            every_text_is_compared_byte_by_byte
            an_entry_without_a_link_id_has_an_empty_one
            flags_and_ids_are_compared
            conditions_are_joined_and_turned_round
            deep_and_wide_filters_are_taken
            a_text_with_nul_comes_after_what_stands_before_it

            an_organization_is_found_as_it_was_added
            an_organization_is_added_once
            a_token_is_found_by_its_digest_with_every_column
            tokens_are_listed_oldest_first
            a_token_is_revoked_once_and_stays_listed
            an_expired_token_is_still_found

            a_contact_stands_with_its_relations_and_its_entry
            pages_show_every_contact_of_all_organizations_once
            what_was_written_in_any_way_is_sound
            a_spoiled_contact_is_mended_but_for_what_all_follows_from
            each_part_of_a_contact_is_mended_alone
            a_deleted_contact_is_mended_and_stays_without_entry_and_keys
            a_key_that_another_contact_has_is_not_taken_from_it
            keys_that_two_contacts_exchanged_go_back
            a_repair_reaches_no_other_organization_and_nothing_sound
        }
    };
    ($fresh:expr => $($claim:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $claim() {
            let fixture = $crate::contract::StoreFixture::of($fresh).await;
            $crate::contract::claims::$claim(&fixture).await;
        }
    )+};
}

#[cfg(test)]
mod tests {
    const CLAIMS: [&str; 14] = [
        include_str!("contract/access.rs"),
        include_str!("contract/auditing.rs"),
        include_str!("contract/concurrency.rs"),
        include_str!("contract/entries.rs"),
        include_str!("contract/filtering.rs"),
        include_str!("contract/keys.rs"),
        include_str!("contract/lifecycle.rs"),
        include_str!("contract/listing.rs"),
        include_str!("contract/matching.rs"),
        include_str!("contract/merging.rs"),
        include_str!("contract/references.rs"),
        include_str!("contract/tenancy.rs"),
        include_str!("contract/unlinking.rs"),
        include_str!("contract/writing.rs"),
    ];

    #[test]
    fn the_suite_runs_every_claim() {
        let suite: Vec<_> = include_str!("contract.rs").lines().map(str::trim).collect();
        for line in CLAIMS.iter().flat_map(|file| file.lines()) {
            if let Some((claim, _)) =
                line.strip_prefix("pub async fn ").and_then(|f| f.split_once('('))
            {
                assert!(suite.contains(&claim), "store_contract! leaves out {claim}");
            }
        }
    }
}
