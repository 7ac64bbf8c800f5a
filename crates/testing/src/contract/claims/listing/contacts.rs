//! Listing contacts: filters, orders, pages and the total.

use contacts_application::contact_list::{
    ContactFilter, ContactFlag, ContactOrder, ContactOrderKey, ContactPage, ContactQuery, ListKey,
};
use contacts_application::ledger::PageSize;
use contacts_application::ports::Lifecycle;
use contacts_domain::Timestamp;
use contacts_domain::contact::{ContactType, Record};
use contacts_domain::upsert::{Options, Outcome};
use contacts_domain::value::{CountryCode, LinkId, TagName};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] = claims![
    contacts_come_in_every_order,
    contacts_sort_by_name_as_people_do,
    contact_pages_show_every_contact_once,
    pages_go_on_while_others_write,
    page_of_long_documents_ends_early,
    every_filter_selects_its_contacts,
    filters_hold_together,
    deleted_contacts_are_a_list_of_their_own,
    total_counts_what_the_filter_selects,
    other_organizations_contacts_are_not_listed,
];

const ORDERS: [ContactOrderKey; 4] = [
    ContactOrderKey::DisplayName,
    ContactOrderKey::CreatedAt,
    ContactOrderKey::UpdatedAt,
    ContactOrderKey::Id,
];

fn query(by: ContactOrderKey, descending: bool) -> ContactQuery {
    ContactQuery {
        filter: ContactFilter::default(),
        order: ContactOrder { by, descending },
        after: None,
        size: PageSize { items: 1_000, bytes: usize::MAX },
        is_counted: false,
    }
}

fn by_id() -> ContactQuery {
    query(ContactOrderKey::Id, false)
}

fn filtered(filter: ContactFilter) -> ContactQuery {
    ContactQuery { filter, ..by_id() }
}

fn living() -> ContactFilter {
    ContactFilter::default()
}

async fn page(fixture: &StoreFixture, query: &ContactQuery) -> ContactPage {
    fixture.contact_page(query).await
}

/// The external ids of contacts.
fn names(contacts: &[Record]) -> Vec<&str> {
    let names = contacts.iter().map(|record| record.projection.external_id.as_deref());
    names.map(|name| name.expect("every contact has one")).collect()
}

async fn listed(fixture: &StoreFixture, query: &ContactQuery) -> String {
    names(&page(fixture, query).await.contacts).join(" ")
}

fn named(external_id: &str, last_name: &str) -> Value {
    person(json!({"externalId": external_id, "lastName": last_name}))
}

/// The contacts of all pages of that size.
async fn all_pages(fixture: &StoreFixture, mut query: ContactQuery, items: u32) -> Vec<Record> {
    query.size.items = items;
    let mut all = Vec::new();
    loop {
        let page = page(fixture, &query).await;
        let is_full = u32::try_from(page.contacts.len()) == Ok(items);
        assert!(is_full || page.next.is_none(), "only the last page may have fewer");
        all.extend(page.contacts);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return all,
        }
    }
}

async fn contacts_come_in_every_order(fixture: &StoreFixture) {
    let request = fixture.request();
    fixture.create(named("c", "Weber")).await;
    fixture.create(named("a", "Abt")).await;
    // Two that were created at one moment, before the others.
    fixture.send_for(request, Options::default(), &[named("d", "Abt"), named("b", "Zoe")]).await;

    for (by, ascending, descending) in [
        (ContactOrderKey::Id, "c a d b", "b d a c"),
        (ContactOrderKey::DisplayName, "a d c b", "b c d a"),
        (ContactOrderKey::CreatedAt, "d b c a", "a c b d"),
        (ContactOrderKey::UpdatedAt, "d b c a", "a c b d"),
    ] {
        assert_eq!(listed(fixture, &query(by, false)).await, ascending, "{by:?}");
        assert_eq!(listed(fixture, &query(by, true)).await, descending, "{by:?}");
    }
    fixture.send(&[named("d", "Favre")]).await;
    assert_eq!(listed(fixture, &query(ContactOrderKey::UpdatedAt, false)).await, "b c a d");
    assert_eq!(listed(fixture, &query(ContactOrderKey::CreatedAt, false)).await, "d b c a");
}

async fn contacts_sort_by_name_as_people_do(fixture: &StoreFixture) {
    let sorted = ["1", "2", "emil", "Emil", "Émile", "Emma", "Łukasz", "Öz", "Zoe", "あ"];
    let mut shuffled = sorted;
    shuffled.rotate_left(4);
    shuffled.swap(0, 7);
    let items = shuffled.map(|name| named(name, name));
    fixture.send(&items).await;

    let by_name = query(ContactOrderKey::DisplayName, false);
    assert_eq!(listed(fixture, &by_name).await, sorted.join(" "));
}

/// 25 contacts, many of them with the same name and time of creation. Returns them by id.
async fn many(fixture: &StoreFixture) -> Vec<Record> {
    let mut stored = Vec::new();
    for request in 0..3 {
        let names =
            (0..8).map(|item| named(&format!("{request}{item}"), ["Abt", "Weber"][item % 2]));
        stored.extend(fixture.send(&names.collect::<Vec<_>>()).await);
    }
    stored.push(fixture.create(named("last", "Abt")).await);
    stored.iter().map(|outcome| record_of(outcome).clone()).collect()
}

async fn contact_pages_show_every_contact_once(fixture: &StoreFixture) {
    let stored = many(fixture).await;

    for by in ORDERS {
        for descending in [false, true] {
            let query = query(by, descending);
            let whole = page(fixture, &query).await;
            assert_eq!(whole.next, None);
            let mut expected = stored.clone();
            expected.sort_by_key(|record| query.order.position(record));
            if descending {
                expected.reverse();
            }
            assert_eq!(whole.contacts, expected, "{query:?}");
            for items in [1, 7, 24, 25] {
                let pages = all_pages(fixture, query.clone(), items).await;
                assert_eq!(pages, expected, "{items} at a time of {query:?}");
            }
        }
    }
}

async fn pages_go_on_while_others_write(fixture: &StoreFixture) {
    let stored = many(fixture).await;
    for by in ORDERS {
        let mut query = query(by, false);
        query.size.items = 10;
        let first = page(fixture, &query).await;
        query.after = first.next;
        // The contact after which the page begins is gone, and one came before it.
        let last = first.contacts.last().expect("a full page");
        fixture.delete(last.id).await;
        fixture.create(named(&format!("{by:?}"), "Aaa")).await;
        let second = page(fixture, &query).await;
        query.after = second.next;
        let third = page(fixture, &query).await;

        let pages = [first.contacts, second.contacts, third.contacts].concat();
        let mut ids: Vec<_> = pages.iter().map(|record| record.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), pages.len(), "{by:?}: none comes twice");
        let gone = fixture.everything().await;
        let gone = |id| gone.iter().any(|now| now.id == id && now.deleted_at.is_some());
        for record in &stored {
            assert!(
                ids.contains(&record.id) || gone(record.id),
                "{by:?}: {} is missing",
                record.id
            );
        }
    }
}

async fn page_of_long_documents_ends_early(fixture: &StoreFixture) {
    let note = "long ".repeat(400);
    let items = ["a", "b", "c"]
        .map(|name| person(json!({"externalId": name, "customFields": {"note": note}})));
    fixture.send(&items).await;

    let mut query = by_id();
    query.size.bytes = 5_000;
    let first = page(fixture, &query).await;
    assert_eq!(names(&first.contacts), ["a", "b"]);
    query.after = first.next;
    let second = page(fixture, &query).await;
    assert_eq!((names(&second.contacts), second.next), (vec!["c"], None));

    // One that alone is too long is a page.
    let mut query = by_id();
    query.size.bytes = 1;
    assert_eq!(names(&page(fixture, &query).await.contacts), ["a"]);
}

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// Contacts that differ in what filters look at. The third is the only one of a later time.
async fn various(fixture: &StoreFixture) -> Vec<Outcome> {
    let mut stored = fixture
        .send(&[
            json!({
                "contactType": "ORGANIZATION", "externalId": "firm", "name": "Firm", "isCustomer": true,
                "email": "Info@one.example", "phone": "+41 21 555 12 12",
                "client": {"vatNumber": "CHE-116.281.710 TVA"},
                "addresses": [{"name": "1", "countryCode2": "CH"}, {"name": "2", "countryCode2": "FR"}],
                "tags": [{"name": "Key"}, {"name": "2024"}],
            }),
            person(json!({
                "externalId": "ada", "isStaff": true, "archived": true, "linkId": LINK_ID,
                "mobile": "+41 21 555 12 12", "email": "ada@one.example",
                "addresses": [{"name": "1", "countryCode2": "FR"}], "tags": [{"name": "key"}],
            })),
        ])
        .await;
    let bob = json!({"externalId": "bob", "isVendor": true, "email": "info@one.example"});
    stored.extend(fixture.send(&[person(bob)]).await);
    assert!(answers(&stored).iter().all(|answer| answer.starts_with("created, version 1")));
    stored
}

async fn every_filter_selects_its_contacts(fixture: &StoreFixture) {
    let stored = various(fixture).await;
    let country = |code| ContactFilter { country: CountryCode::parse(code).ok(), ..living() };
    let tag =
        |name| ContactFilter { tag: TagName::parse(name).ok().map(|tag| tag.id()), ..living() };
    let flag = |flag, wanted| ContactFilter { flags: vec![(flag, wanted)], ..living() };
    let key = |key| ContactFilter { keys: vec![key], ..living() };
    let since = |micros| {
        let later = record_of(&stored[2]).updated_at.micros() + micros;
        ContactFilter { updated_since: Some(Timestamp::from_micros(later)), ..living() }
    };
    let of_type = |wanted| ContactFilter { contact_type: Some(wanted), ..living() };
    for (filter, selected) in [
        (living(), "firm ada bob"),
        (of_type(ContactType::Organization), "firm"),
        (of_type(ContactType::Person), "ada bob"),
        (of_type(ContactType::Endpoint), ""),
        (flag(ContactFlag::Archived, true), "ada"),
        (flag(ContactFlag::Archived, false), "firm bob"),
        (flag(ContactFlag::IsCustomer, true), "firm"),
        (flag(ContactFlag::IsVendor, true), "bob"),
        (flag(ContactFlag::IsStaff, true), "ada"),
        (flag(ContactFlag::IsStaff, false), "firm bob"),
        (country("CH"), "firm"),
        (country("FR"), "firm ada"),
        (country("DE"), ""),
        (tag("KEY"), "firm ada"),
        (tag("2024"), "firm"),
        (tag("202"), ""),
        (since(0), "bob"),
        (since(1), ""),
        (since(-1_000_000), "firm ada bob"),
        (key(ListKey::ExternalId("ada".to_owned())), "ada"),
        (key(ListKey::ExternalId("Ada".to_owned())), ""),
        (key(ListKey::LinkId(LinkId::parse(LINK_ID).expect("a link id"))), "ada"),
        (key(ListKey::Email("info@one.example".to_owned())), "firm bob"),
        (key(ListKey::Phone("+41215551212".to_owned())), "firm ada"),
        (key(ListKey::VatNumber("CHE116281710".to_owned())), "firm"),
    ] {
        assert_eq!(listed(fixture, &filtered(filter.clone())).await, selected, "{filter:?}");
        for by in ORDERS {
            for descending in [false, true] {
                let query = ContactQuery { filter: filter.clone(), ..query(by, descending) };
                let mut pages = all_pages(fixture, query, 1).await;
                pages.sort_by_key(|record| record.id);
                assert_eq!(names(&pages).join(" "), selected, "{filter:?} by {by:?}");
            }
        }
    }
}

async fn filters_hold_together(fixture: &StoreFixture) {
    various(fixture).await;
    let filter = ContactFilter {
        keys: vec![
            ListKey::Email("info@one.example".to_owned()),
            ListKey::Phone("+41215551212".to_owned()),
        ],
        ..living()
    };
    assert_eq!(listed(fixture, &filtered(filter)).await, "firm");
    let flags = vec![(ContactFlag::IsStaff, false), (ContactFlag::IsVendor, false)];
    let filter = ContactFilter { flags, country: CountryCode::parse("FR").ok(), ..living() };
    assert_eq!(listed(fixture, &filtered(filter)).await, "firm");
}

async fn deleted_contacts_are_a_list_of_their_own(fixture: &StoreFixture) {
    let stored = various(fixture).await;
    fixture.delete(id_of(&stored[1])).await;
    let deleted = ContactFilter { lifecycle: Lifecycle::Deleted, ..living() };
    for by in ORDERS {
        for descending in [false, true] {
            let query = query(by, descending);
            assert!(!listed(fixture, &query).await.contains("ada"));
            let query = ContactQuery { filter: deleted.clone(), ..query };
            assert_eq!(listed(fixture, &query).await, "ada");
        }
    }
    for key in [
        ListKey::ExternalId("ada".to_owned()),
        ListKey::Phone("+41215551212".to_owned()),
        ListKey::Email("ada@one.example".to_owned()),
    ] {
        let filter = ContactFilter { keys: vec![key], ..deleted.clone() };
        assert_eq!(listed(fixture, &filtered(filter.clone())).await, "ada", "{filter:?}");
    }
}

async fn total_counts_what_the_filter_selects(fixture: &StoreFixture) {
    various(fixture).await;
    let people = ContactFilter { contact_type: Some(ContactType::Person), ..living() };
    let mut query = ContactQuery { is_counted: true, ..filtered(people) };
    query.size.items = 1;
    let first = page(fixture, &query).await;
    assert_eq!((names(&first.contacts), first.total), (vec!["ada"], Some(2)));
    query.after = first.next;
    let second = page(fixture, &query).await;
    assert_eq!((names(&second.contacts), second.total), (vec!["bob"], Some(2)));
    assert_eq!(page(fixture, &by_id()).await.total, None);
}

async fn other_organizations_contacts_are_not_listed(fixture: &StoreFixture) {
    fixture.create(named("here", "Abt")).await;
    fixture.send_elsewhere(&[named("there", "Abt")]).await;
    for by in ORDERS {
        let query = ContactQuery { is_counted: true, ..query(by, false) };
        let page = page(fixture, &query).await;
        assert_eq!((names(&page.contacts), page.total), (vec!["here"], Some(1)));
    }
}
