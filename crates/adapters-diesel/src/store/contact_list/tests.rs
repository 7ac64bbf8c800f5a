//! The plans of lists.

use contacts_application::ledger::PageSize;
use contacts_domain::contact::SortKey;
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, Timestamp};

use super::*;
use crate::testing::plan;

/// The query plans of the second page in an order.
fn plans_of(by: ContactOrderKey, descending: bool, filter: ContactFilter) -> Vec<String> {
    let key = match by {
        ContactOrderKey::DisplayName => PositionKey::Name(SortKey::of("x")),
        ContactOrderKey::CreatedAt | ContactOrderKey::UpdatedAt => {
            PositionKey::Time(Timestamp::from_micros(1))
        }
        ContactOrderKey::Id => PositionKey::Id,
    };
    let after = ListPosition { key, id: ContactId::new(1).unwrap() };
    plans_behind(Some(after), ContactOrder { by, descending }, filter)
}

fn plans_behind(
    after: Option<ListPosition>,
    order: ContactOrder,
    filter: ContactFilter,
) -> Vec<String> {
    let size = PageSize { items: 10, bytes: usize::MAX };
    let query = ContactQuery { filter, order, after, size, is_counted: false };
    let organization = OrganizationId::new(1).unwrap();
    let parts = parts(organization, &query).into_iter();
    parts.map(|part| plan(&part.limit(10).select(ContactRow::as_select()))).collect()
}

#[test]
fn orders_by_creation_and_id_walk_an_index() {
    for (lifecycle, prefix) in
        [(Lifecycle::Living, "contact_by"), (Lifecycle::Deleted, "contact_deleted_by")]
    {
        for (descending, operator) in [(false, ">"), (true, "<")] {
            let search = |index: &str, columns: &str| {
                let columns = columns.replace('>', operator);
                format!("SEARCH contact USING INDEX {prefix}_{index} ({columns})")
            };
            let ties = |index: &str, column: &str| {
                search(index, &format!("organization_id=? AND {column}=? AND rowid>?"))
            };
            let rest = |index: &str, column: &str| {
                search(index, &format!("organization_id=? AND {column}>?"))
            };
            for (by, expected) in [
                (
                    ContactOrderKey::CreatedAt,
                    vec![ties("creation", "created_at"), rest("creation", "created_at")],
                ),
                (ContactOrderKey::Id, vec![rest("id", "rowid")]),
            ] {
                let filter = ContactFilter { lifecycle, ..ContactFilter::default() };
                assert_eq!(plans_of(by, descending, filter), expected);
            }
        }
    }
}

#[test]
fn names_and_changes_are_sorted() {
    for (lifecycle, index) in [
        (Lifecycle::Living, "contact_by_creation"),
        (Lifecycle::Deleted, "contact_deleted_by_creation"),
    ] {
        let ids = format!(
            "LIST SUBQUERY 1; SEARCH contact USING INDEX {index} (organization_id=?); USE TEMP \
             B-TREE FOR ORDER BY"
        );
        let expected = format!(
            "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?); {ids}; USE TEMP B-TREE FOR ORDER BY"
        );
        for by in [ContactOrderKey::DisplayName, ContactOrderKey::UpdatedAt] {
            let filter = ContactFilter { lifecycle, ..ContactFilter::default() };
            assert_eq!(plans_of(by, false, filter), [expected.as_str()], "{by:?}");
        }
    }
}

#[test]
fn contact_of_an_identity_key_is_not_sorted() {
    let link_id = LinkId::parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff").unwrap();
    for (key, plan) in [
        (
            ListKey::ExternalId("A".to_owned()),
            "SEARCH contact USING INDEX contact_external_id (organization_id=? AND external_id=?)",
        ),
        (
            ListKey::LinkId(link_id),
            "SEARCH contact USING INDEX contact_link_id (organization_id=? AND link_id=?)",
        ),
    ] {
        let filter = ContactFilter { keys: vec![key], ..ContactFilter::default() };
        for by in ORDERS {
            let order = ContactOrder { by, descending: false };
            assert_eq!(plans_behind(None, order, filter.clone()), [plan], "{by:?}");
        }
    }
}

const ORDERS: [ContactOrderKey; 4] = [
    ContactOrderKey::DisplayName,
    ContactOrderKey::CreatedAt,
    ContactOrderKey::UpdatedAt,
    ContactOrderKey::Id,
];

#[test]
fn key_in_the_filter_uses_its_index() {
    for (key, index) in [
        (ListKey::ExternalId("A".to_owned()), "contact_external_id"),
        (ListKey::Email("a@one.example".to_owned()), "contact_email"),
        (ListKey::VatNumber("CHE".to_owned()), "contact_vat_number"),
        (ListKey::Phone("+41".to_owned()), "contact_phone"),
    ] {
        let filter = ContactFilter { keys: vec![key], ..ContactFilter::default() };
        for by in ORDERS {
            let plans = plans_of(by, false, filter.clone());
            assert!(plans.iter().all(|plan| plan.contains(index)), "{plans:?}");
        }
    }
}
