//! Lists of contacts.

use contacts_application::contact_list::{
    ContactFilter, ContactOrder, ContactOrderKey, ContactQuery, ListKey, ListPosition, PositionKey,
};
use contacts_application::ledger::PageSize;
use contacts_application::ports::{ContactList, Lifecycle};
use contacts_domain::contact::SortKey;
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, Timestamp};
use contacts_testing::organization;

use super::plans::Explained;
use crate::connect::session::notes::statements_of;
use crate::statements::columns::{ContactColumns, list};
use crate::testing::TestDatabase;

/// The orders that have an index. Contacts are sorted by their last change.
const INDEXED: [ContactOrderKey; 3] =
    [ContactOrderKey::DisplayName, ContactOrderKey::CreatedAt, ContactOrderKey::Id];

/// Whether a statement is one of those that are made for a list of contacts.
pub(super) fn is_expected(sql: &str) -> bool {
    let columns = list("", ContactColumns::NAMES);
    let (all, few) =
        ("contact WHERE organization_id = $1 AND deleted_at IS", "(SELECT * FROM contact");
    [all, few].iter().any(|contacts| {
        [&columns, "count(*)"]
            .iter()
            .any(|what| sql.starts_with(&format!("SELECT {what} FROM {contacts}")))
    })
}

/// The second page in an order.
fn query(by: ContactOrderKey, descending: bool, filter: ContactFilter) -> ContactQuery {
    let key = match by {
        ContactOrderKey::DisplayName => PositionKey::Name(SortKey::of("x")),
        ContactOrderKey::CreatedAt | ContactOrderKey::UpdatedAt => {
            PositionKey::Time(Timestamp::from_micros(1))
        }
        ContactOrderKey::Id => PositionKey::Id,
    };
    ContactQuery {
        filter,
        order: ContactOrder { by, descending },
        after: Some(ListPosition { key, id: ContactId::new(1).unwrap() }),
        size: PageSize { items: 50, bytes: 1 << 20 },
        is_counted: false,
    }
}

/// 20,000 contacts of an organization, half of them deleted.
const FILL: &str = "
    INSERT INTO contact (organization_id, id, contact_type, external_id, link_id, display_name, email,
        phone, mobile, vat_number, archived, is_customer, is_vendor, is_staff, version,
        document_version, created_at, updated_at, deleted_at, document, sort_key)
    SELECT 1, i, 'PERSON', 'K-' || i, md5(i::text)::uuid, 'Abt', i || '@example.org', '+4121' || i,
           '+4179' || i, 'CHE' || i, false, false, false, false, 1, 1, to_timestamp(i), now(),
           CASE WHEN i % 2 = 0 THEN now() END, ('{\"a\":\"' || repeat('x', 500) || '\"}')::json,
           'k' || md5(i::text)
      FROM generate_series(1, 20000) AS i";

/// Nobody makes statistics of the table, or of its partitions.
const WITHOUT_STATISTICS: &str = "
    DO $$
    DECLARE leaf regclass;
    BEGIN
        FOR leaf IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relname LIKE 'contact%' LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', leaf);
        END LOOP;
    END
    $$";

/// The state of a table that was filled a while ago, and of one that was filled just now.
const STATISTICS: [&str; 2] = ["VACUUM ANALYZE", WITHOUT_STATISTICS];

/// The scans for queries among these contacts.
async fn scans(queries: Vec<ContactQuery>, statistics: &str) -> Vec<String> {
    let small = TestDatabase::migrated();
    let store = small.open().await;
    let mut sent = Vec::new();
    for query in queries {
        let statements = statements_of(async {
            store.page(organization(1).id, &query).await.unwrap();
        });
        sent.extend(statements.await);
    }
    let large = TestDatabase::migrated();
    let client = large.connect().await;
    for script in [statistics, FILL, statistics] {
        client.batch_execute(script).await.unwrap();
    }
    let explained = Explained::prepare(large.connect().await, &sent).await;
    let scans = explained.scans().await.into_iter();
    scans.map(|(_, scans)| scans).filter(|scans| !scans.is_empty()).collect()
}

#[tokio::test]
async fn orders_with_an_index_walk_it() {
    let (mut queries, mut expected) = (Vec::new(), Vec::new());
    for (lifecycle, indexes) in [
        (
            Lifecycle::Living,
            [
                "contact_by_name(organization_id,sort_key,id)",
                "contact_by_creation(organization_id,created_at,id)",
                "contact_pkey(organization_id,id)",
            ],
        ),
        (
            Lifecycle::Deleted,
            [
                "contact_deleted_by_name(organization_id,sort_key,id)",
                "contact_deleted_by_creation(organization_id,created_at,id)",
                "contact_deleted_by_id(organization_id,id)",
            ],
        ),
    ] {
        for descending in [false, true] {
            let filter = ContactFilter { lifecycle, ..ContactFilter::default() };
            queries.extend(INDEXED.map(|by| query(by, descending, filter.clone())));
            expected.extend(indexes);
        }
    }
    for statistics in STATISTICS {
        assert_eq!(scans(queries.clone(), statistics).await, expected, "{statistics}");
    }
}

#[tokio::test]
async fn key_in_the_filter_uses_its_index() {
    let link_id = LinkId::parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff").unwrap();
    let (mut queries, mut expected) = (Vec::new(), Vec::new());
    for (key, indexes) in [
        (ListKey::ExternalId("K-7".to_owned()), "contact_external_id(organization_id,external_id)"),
        (ListKey::LinkId(link_id), "contact_link_id(organization_id,link_id)"),
        (ListKey::Email("7@example.org".to_owned()), "contact_email(organization_id,email)"),
        (
            ListKey::Phone("+417".to_owned()),
            "contact_mobile(organization_id,mobile) contact_phone(organization_id,phone)",
        ),
        (ListKey::VatNumber("CHE7".to_owned()), "contact_vat_number(organization_id,vat_number)"),
    ] {
        let filter = ContactFilter { keys: vec![key], ..ContactFilter::default() };
        let orders = INDEXED.into_iter().chain([ContactOrderKey::UpdatedAt]);
        queries.extend(orders.map(|by| query(by, false, filter.clone())));
        expected.extend([indexes; 4]);
    }
    for statistics in STATISTICS {
        assert_eq!(scans(queries.clone(), statistics).await, expected, "{statistics}");
    }
}

#[tokio::test]
async fn key_of_deleted_contacts_reads_no_living_ones() {
    for statistics in STATISTICS {
        let filter = ContactFilter {
            lifecycle: Lifecycle::Deleted,
            keys: vec![ListKey::ExternalId("K-7".to_owned())],
            ..ContactFilter::default()
        };
        let queries = INDEXED.map(|by| query(by, false, filter.clone()));
        for scan in scans(queries.into(), statistics).await {
            assert!(scan.starts_with("contact_deleted_"), "{statistics}: {scan}");
        }
    }
}
