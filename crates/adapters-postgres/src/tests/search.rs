//! Searches and their index.

use contacts_application::contact_list::{
    ContactFilter, ContactOrder, ContactOrderKey, ContactQuery,
};
use contacts_application::ledger::{FeedPosition, PageSize};
use contacts_application::ports::{ContactList, IndexStep, Indexed, SearchIndex};
use contacts_domain::ContactId;
use contacts_domain::searching::{SearchQuery, SearchWords};
use contacts_testing::organization;

use super::plans::{Explained, by_name, named};
use crate::PostgresStore;
use crate::connect::session::notes::statements_of;
use crate::testing::TestDatabase;

/// The statements of the index by their first and last words, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 6] = [
    ("DELETE FROM search_words … = ANY ($2)", "search_words_pkey(organization_id,contact_id)"),
    (
        "DELETE FROM search_words … sort_key <> '')",
        "contact_deleted_by_id(organization_id) search_words_pkey(organization_id,contact_id)",
    ),
    (
        "INSERT INTO search_position … $13::bigint, $14::integer, $15::text)",
        "search_position_pkey(conflict) search_position_pkey(organization_id)",
    ),
    (
        "INSERT INTO search_words … old.words <> excluded.words",
        "contact_pkey(organization_id,id) search_words_pkey(conflict)",
    ),
    ("SELECT hub, position, … organization_id = $1", "search_position_pkey(organization_id)"),
    (
        "WITH indexed AS … ORDER BY id",
        "all of organization contact_pkey(organization_id,id) \
         run_position(organization_id) run_position(organization_id,\"position\") \
         search_position_pkey(organization_id)",
    ),
];

/// Whether a statement is one of those that are made for a search.
pub(super) fn is_expected(sql: &str) -> bool {
    sql.starts_with("SELECT contact_id FROM (SELECT contact_id, words FROM search_words WHERE")
        || sql.starts_with(
            "SELECT contact_id FROM (\n                    SELECT contact_id FROM search_words",
        )
}

/// 20,000 contacts of an organization, each with a word of its own and one that all have.
const FILL: &str = "
    INSERT INTO contact (organization_id, id, contact_type, display_name, archived, is_customer,
        is_vendor, is_staff, version, document_version, created_at, updated_at, document, sort_key)
    SELECT 1, i, 'PERSON', 'Abt', false, false, false, false, 1, 1, to_timestamp(i), now(),
           ('{\"a\":\"' || repeat('x', 500) || '\"}')::json, 'k' || md5(i::text)
      FROM generate_series(1, 20000) AS i;
    INSERT INTO search_words
    SELECT 1, i, array_to_tsvector(ARRAY['1_abt', '1_rare' || i]) FROM generate_series(1, 20000) AS i";

fn query(text: &str, by: ContactOrderKey) -> ContactQuery {
    ContactQuery {
        filter: ContactFilter { query: SearchQuery::parse(text), ..ContactFilter::default() },
        order: ContactOrder { by, descending: false },
        after: None,
        size: PageSize { items: 50, bytes: 1 << 20 },
        is_counted: false,
    }
}

/// Makes a step of each kind.
async fn index(store: &PostgresStore) {
    let here = organization(1);
    let position = FeedPosition { hub: 1, last: None, listed_to: None };
    let after = Indexed { position, version: 1, region: here.settings.region };
    let id = |id| ContactId::new(id).unwrap();
    let step = IndexStep {
        organization: here.id,
        before: None,
        after,
        is_first: true,
        contacts: vec![(id(1), Some(SearchWords::of_text("Abt"))), (id(2), None)],
    };
    assert!(store.index(step.clone()).await.unwrap());
    assert!(!store.index(step).await.unwrap());
    assert_eq!(store.indexed(here.id).await.unwrap(), Some(after));
    store.behind(None, 1).await.unwrap();
}

#[tokio::test]
async fn index_is_written_by_its_keys() {
    let small = TestDatabase::migrated();
    let store = small.open().await;
    let sent = statements_of(index(&store)).await;
    let large = TestDatabase::migrated();
    let client = large.connect().await;
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    let explained = Explained::prepare(large.connect().await, &sent).await;
    assert_eq!(by_name(explained.scans().await), named(&EXPECTED));
}

#[tokio::test]
async fn rare_words_are_found_by_their_index() {
    let database = TestDatabase::migrated();
    database.connect().await.batch_execute(FILL).await.unwrap();
    database.connect().await.batch_execute("VACUUM ANALYZE").await.unwrap();
    let store = database.open().await;
    let by_id = ContactOrderKey::Id;
    let near = "search_words_pkey(organization_id,contact_id)";
    let far = "search_words_words(words)";
    let contacts = "contact_pkey(organization_id,id)";
    for (text, by, ids, expected) in [
        ("abt", by_id, 1..51, vec![near, contacts]),
        ("rare19999", by_id, 19_999..20_000, vec![near, far, contacts]),
        ("rare1999 abt", by_id, 1_999..2_000, vec![near, far, contacts]),
    ] {
        let query = query(text, by);
        let mut found = Vec::new();
        let sent = statements_of(async {
            let page = store.page(organization(1).id, &query).await.unwrap();
            found.extend(page.contacts.iter().map(|record| record.id.get()));
        })
        .await;
        assert_eq!(found, ids.collect::<Vec<_>>(), "{text}");
        let explained = Explained::prepare(database.connect().await, &sent).await;
        let scans = explained.scans().await.into_iter().map(|(_, scans)| scans);
        let scans: Vec<_> = scans.filter(|scans| !scans.is_empty()).collect();
        assert_eq!(scans, expected, "{text}");
    }
}
