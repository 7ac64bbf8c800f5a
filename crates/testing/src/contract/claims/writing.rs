//! Creating, updating and refusing contacts.

pub(crate) mod dry_runs;

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_application::ports::StoreErrorKind;
use contacts_domain::Version;
use contacts_domain::contact::{ContactType, DOCUMENT_VERSION, Projection, Record, SortKey};
use contacts_domain::upsert::{Atomicity, Documents, DocumentsTooLarge, Options, Outcome};
use contacts_domain::value::{LinkId, TagName};
use serde_json::{Value, json};

use crate::batch;
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] = claims![
    created_contact_is_stored_with_every_column,
    resent_batch_is_unchanged_and_writes_nothing,
    update_increments_version_and_keeps_creation_time,
    each_item_on_a_contact_increments_the_version,
    refused_item_leaves_other_items_alone,
    atomic_batch_with_refused_item_stores_nothing,
    atomic_batch_without_refused_item_is_stored,
    empty_batch_writes_nothing,
    batch_of_thousands_is_stored_whole,
    stale_version_is_refused_and_current_accepted,
    no_id_is_assigned_twice,
    batch_ends_like_its_items_one_by_one,
    answer_with_too_large_documents_stores_nothing,
    batch_that_loads_too_much_stores_nothing,
];

/// A text that a careless quoting would break.
const NOTE: &str = "a \"quoted\" \\ line,\n another's $1 :x ? 株式会社 \u{1F600}";

/// A number with all the digits that it is written with.
fn exact(number: &str) -> Value {
    serde_json::from_str(number).expect("a number")
}

/// The ids of tags, in the order of the column.
fn tag_ids(names: [&str; 2]) -> [String; 2] {
    let mut ids = names.map(|name| TagName::parse(name).expect("a name").id().to_string());
    ids.sort();
    ids
}

async fn created_contact_is_stored_with_every_column(fixture: &StoreFixture) {
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let item = json!({
        "contactType": "ORGANIZATION",
        "externalId": " ERP-1 ",
        "linkId": link_id,
        "name": "Boulangerie du Rhône SA",
        "email": "Info@Boulangerie-Rhone.example",
        "phone": "022 700 59 29",
        "mobile": "+41 79 123 45 67",
        "archived": true,
        "isCustomer": true,
        "isVendor": false,
        "client": {"vatNumber": "CHE-116.281.710 TVA", "creditLimit": "5000.00"},
        "addresses": [
            {"name": "Depot", "countryCode2": "FR"},
            {"name": "Office", "countryCode2": "CH"},
            {"name": "Shop", "countryCode2": "FR"},
        ],
        "tags": [{"name": "Rhône"}, {"name": "bakery"}],
        "customFields": {"größe": exact("1.50"), "note": NOTE},
    });
    let request = fixture.request();
    let outcomes = fixture.send_for(request.clone(), Options::default(), &[item]).await;

    assert_eq!(answers(&outcomes), ["created, version 1"]);
    fixture.holds(&outcomes).await;

    let stored = fixture.living(id_of(&outcomes[0])).await;
    let expected = Record {
        id: id_of(&outcomes[0]),
        organization: request.organization,
        projection: Projection {
            contact_type: ContactType::Organization,
            external_id: Some("ERP-1".to_owned()),
            link_id: LinkId::parse(link_id).ok(),
            display_name: "Boulangerie du Rhône SA".to_owned(),
            email: Some("info@boulangerie-rhone.example".to_owned()),
            phone: Some("+41227005929".to_owned()),
            mobile: Some("+41791234567".to_owned()),
            vat_number: Some("CHE116281710".to_owned()),
            archived: true,
            is_customer: true,
            is_vendor: false,
            is_staff: false,
            sort_key: SortKey::of("Boulangerie du Rhône SA"),
            countries: ",CH,FR,".to_owned(),
            tags: format!(",{},", tag_ids(["Rhône", "bakery"]).join(",")),
        },
        version: Version::FIRST,
        created_at: request.now,
        updated_at: request.now,
        deleted_at: None,
        document_version: DOCUMENT_VERSION,
        document: record_of(&outcomes[0]).document.clone(),
        digest: None,
    };
    assert_eq!(stored, expected);

    let document: Value = serde_json::from_str(&stored.document).expect("JSON");
    assert_eq!(document["id"], stored.id.get());
    assert_eq!(document["client"]["creditLimit"], "5000.00");
    assert_eq!(document["customFields"], json!({"größe": exact("1.50"), "note": NOTE}));
}

async fn resent_batch_is_unchanged_and_writes_nothing(fixture: &StoreFixture) {
    let items = [
        person(json!({"externalId": "A", "addresses": [{"name": "Home", "city": "Genève"}]})),
        person(json!({"externalId": "B", "email": "b@one.example", "tags": [{"name": "new"}]})),
    ];
    let created = fixture.send(&items).await;
    assert_eq!(answers(&created), ["created, version 1", "created, version 1"]);

    let again = fixture.send(&items).await;

    assert_eq!(
        answers(&again),
        ["unchanged by externalId, version 1", "unchanged by externalId, version 1"]
    );
    fixture.holds(&created).await;
    fixture.holds(&again).await;
}

async fn update_increments_version_and_keeps_creation_time(fixture: &StoreFixture) {
    let created = fixture.send(&[person(json!({"externalId": "A", "firstName": "Ada"}))]).await;
    let request = fixture.request();
    let now = request.now;

    let item = json!({"externalId": "A", "firstName": null, "email": "a@one.example"});
    let updated = fixture.send_for(request, Options::default(), &[item]).await;

    assert_eq!(answers(&updated), ["updated by externalId, version 2"]);
    fixture.holds(&updated).await;
    let (before, after) = (record_of(&created[0]), record_of(&updated[0]));
    assert_eq!((after.id, after.created_at, after.updated_at), (before.id, before.created_at, now));
    assert_eq!(after.projection.email.as_deref(), Some("a@one.example"));
    assert_eq!(after.projection.display_name, "Rochat");
}

async fn each_item_on_a_contact_increments_the_version(fixture: &StoreFixture) {
    let item = |name| person(json!({"externalId": "A", "firstName": name}));

    let first = fixture.send(&[item("Ada"), item("Berta"), item("Berta"), item("Cleo")]).await;
    assert_eq!(
        answers(&first),
        [
            "created, version 1",
            "updated by externalId, as item 0, version 2",
            "unchanged by externalId, as item 0, version 2",
            "updated by externalId, as item 0, version 3",
        ]
    );
    fixture.holds(&first[3..]).await;

    let second = fixture.send(&[item("Dora"), item("Emma")]).await;
    assert_eq!(
        answers(&second),
        ["updated by externalId, version 4", "updated by externalId, as item 0, version 5"]
    );
    fixture.holds(&second[1..]).await;
}

async fn refused_item_leaves_other_items_alone(fixture: &StoreFixture) {
    let stored = fixture.create(person(json!({"externalId": "D"}))).await;

    let outcomes = fixture
        .send(&[
            person(json!({"externalId": "A"})),
            person(json!({"externalId": "B", "birthday": "2026-02-30"})),
            json!({"externalId": "C"}),
            person(json!({"externalId": "D", "email": "not an address"})),
            json!(7),
            person(json!({"externalId": "E"})),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "created, version 1",
            "rejected, CONVERSION_ERROR birthday",
            "rejected, FIELD_REQUIRED contactType",
            "rejected by externalId, VALIDATION_ERROR email",
            "rejected, CONVERSION_ERROR ",
            "created, version 1",
        ]
    );
    fixture.holds([&outcomes[0], &stored, &outcomes[5]]).await;
}

async fn atomic_batch_with_refused_item_stores_nothing(fixture: &StoreFixture) {
    let stored = fixture.create(person(json!({"externalId": "A"}))).await;

    let atomic = Options { atomicity: Atomicity::Batch, ..Options::default() };
    let outcomes = fixture
        .send_with(
            atomic,
            &[
                person(json!({"externalId": "A", "firstName": "Ada"})),
                person(json!({"externalId": "B"})),
                person(json!({"externalId": "C", "birthday": "2026-02-30"})),
            ],
        )
        .await;

    assert!(outcomes[2].verdict.is_refusal(), "{outcomes:?}");
    fixture.holds([&stored]).await;
}

async fn atomic_batch_without_refused_item_is_stored(fixture: &StoreFixture) {
    fixture.create(person(json!({"externalId": "A"}))).await;

    let atomic = Options { atomicity: Atomicity::Batch, ..Options::default() };
    let items = [
        person(json!({"externalId": "A", "firstName": "Ada"})),
        person(json!({"externalId": "B"})),
    ];
    let outcomes = fixture.send_with(atomic, &items).await;

    assert_eq!(answers(&outcomes), ["updated by externalId, version 2", "created, version 1"]);
    fixture.holds(&outcomes).await;
}

async fn empty_batch_writes_nothing(fixture: &StoreFixture) {
    let stored = fixture.create(person(json!({"externalId": "A"}))).await;

    assert_eq!(fixture.send(&[]).await, []);

    fixture.holds([&stored]).await;
}

async fn batch_of_thousands_is_stored_whole(fixture: &StoreFixture) {
    // More values than SQLite binds to one statement (32,766): a store has to split them.
    let items: Vec<_> = (0..4_000)
        .map(|number| {
            person(json!({
                "externalId": format!("A-{number}"),
                "email": format!("a-{number}@one.example"),
            }))
        })
        .collect();

    let created = fixture.send(&items).await;
    assert_eq!(answers(&created), vec!["created, version 1"; items.len()]);
    fixture.holds(&created).await;

    let again = fixture.send(&items).await;
    assert_eq!(answers(&again), vec!["unchanged by externalId, version 1"; items.len()]);
    fixture.holds(&created).await;
}

async fn stale_version_is_refused_and_current_accepted(fixture: &StoreFixture) {
    fixture.create(person(json!({"externalId": "A"}))).await;
    let item = |name, version| {
        [person(json!({"externalId": "A", "firstName": name, "ifVersion": version}))]
    };

    let current = fixture.send(&item("Ada", 1)).await;
    let stale = fixture.send(&item("Berta", 1)).await;
    let retried = fixture.send(&item("Ada", 1)).await;

    assert_eq!(answers(&current), ["updated by externalId, version 2"]);
    assert!(answers(&stale)[0].starts_with("stale by externalId"), "{stale:?}");
    assert_eq!(answers(&retried), ["unchanged by externalId, version 2"]);
    fixture.holds(&current).await;
}

async fn no_id_is_assigned_twice(fixture: &StoreFixture) {
    let item = |external_id: &str| {
        json!({
            "contactType": "ORGANIZATION",
            "externalId": external_id,
            "name": "Boulangerie du Rhône SA",
            "isCustomer": true,
            "addresses": [{"name": "Siège"}, {"name": "Dépôt"}],
            "banks": [{"name": "Compte courant"}],
            "client": {"paymentTerms": "30"},
        })
    };
    fixture.send(&[item("A"), item("B")]).await;
    let refused = fixture.send(&[json!({"externalId": "C"}), json!(null)]).await;
    assert!(refused.iter().all(|outcome| outcome.verdict.is_refusal()), "{refused:?}");
    fixture.send(&[item("C"), json!({"externalId": "A", "addresses": [{"name": "Neubau"}]})]).await;
    fixture.send_elsewhere(&[item("A")]).await;

    let mut ids = Vec::new();
    for record in fixture.everything().await {
        collect_ids(&serde_json::from_str(&record.document).expect("JSON"), &mut ids);
    }
    assert_eq!(ids.len(), 3 * 5 + 4, "{ids:?}");
    assert!(ids.iter().all(|id| *id > 0), "{ids:?}");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

fn collect_ids(document: &Value, ids: &mut Vec<i64>) {
    match document {
        Value::Object(members) => {
            ids.extend(members.get("id").and_then(Value::as_i64));
            members.values().for_each(|member| collect_ids(member, ids));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_ids(element, ids)),
        _ => {}
    }
}

async fn batch_ends_like_its_items_one_by_one(fixture: &StoreFixture) {
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let stored = [
        person(json!({"externalId": "A", "linkId": link_id, "email": "a@one.example"})),
        person(json!({"externalId": "B", "email": "b@one.example"})),
    ];
    let items = [
        json!({"linkId": link_id, "externalId": null}),
        json!({"externalId": "B", "email": "c@one.example"}),
        person(json!({"externalId": "A", "email": "a@one.example"})),
        person(json!({"externalId": "C", "email": "b@one.example"})),
        json!({"linkId": link_id, "externalId": "B"}),
        json!({"externalId": "A", "linkId": link_id}),
        json!({"linkId": link_id, "externalId": "D", "addresses": [{"name": "Home"}]}),
        json!({"externalId": "D", "addresses": [{"name": "Home"}, {"name": "Home"}]}),
        json!({"externalId": "D", "birthday": "2026-02-30"}),
        json!({"externalId": "C", "email": null, "linkId": null}),
        person(json!({"externalId": "E", "email": "b@one.example"})),
    ];
    fixture.send(&stored).await;
    fixture.send_elsewhere(&stored).await;

    let mut together = fixture.send(&items).await;
    let mut one_by_one = Vec::new();
    for item in &items {
        one_by_one.extend(fixture.send_elsewhere(std::slice::from_ref(item)).await);
    }

    for outcome in &mut together {
        outcome.same_as = None;
    }
    assert_eq!(answers(&together), answers(&one_by_one));
    let projections = |outcomes: &[Outcome]| -> Vec<_> {
        outcomes.iter().map(|outcome| record_of(outcome).projection.clone()).collect()
    };
    assert_eq!(projections(&together), projections(&one_by_one));
}

async fn answer_with_too_large_documents_stores_nothing(fixture: &StoreFixture) {
    let first = fixture.create(person(json!({"externalId": "A"}))).await;
    let before = fixture.everything().await;
    let limit = 3 * record_of(&first).document.len();
    let items = [
        person(json!({"externalId": "B"})),
        person(json!({"externalId": "A", "title": "Dr."})),
        person(json!({"externalId": "C"})),
    ];

    let too_large = Options { documents: Documents::AtMost(limit), ..Options::default() };
    let report = fixture.contacts().upsert(batch(fixture.request(), too_large, &items)).await;
    let refused = report.expect("the store does not fail").expect_err("a large answer");
    assert_eq!(refused, DocumentsTooLarge { item: 2, limit }.into());
    assert_eq!(fixture.everything().await, before);

    let left_out = Options { documents: Documents::LeftOut, ..Options::default() };
    let outcomes = fixture.send_with(left_out, &items).await;
    assert_eq!(
        answers(&outcomes),
        ["created, version 1", "updated by externalId, version 2", "created, version 1"]
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.contact.as_ref().is_some_and(|contact| contact.whole.is_none()))
    );
}

async fn batch_that_loads_too_much_stores_nothing(fixture: &StoreFixture) {
    let mut bytes = 0;
    for external_id in ["A", "B"] {
        let created = fixture.create(person(json!({"externalId": external_id}))).await;
        bytes += record_of(&created).document.len();
    }
    let before = fixture.everything().await;
    let items = [
        person(json!({"externalId": "A", "title": "Dr."})),
        person(json!({"externalId": "B"})),
        person(json!({"externalId": "C"})),
    ];
    let send = async |bytes| {
        // No documents in the answer: they would count too.
        let options = Options { documents: Documents::LeftOut, ..Options::default() };
        let batch = Arc::unwrap_or_clone(batch(fixture.request(), options, &items));
        fixture.contacts().upsert(Arc::new(batch.holding_at_most(bytes))).await
    };

    let refused = send(bytes - 1).await.expect_err("the documents are too large");
    assert_eq!(refused.kind(), StoreErrorKind::TooLarge);
    assert_eq!(fixture.everything().await, before);

    let outcomes = send(bytes).await.expect("the store loads them");
    assert_eq!(
        answers(&outcomes.expect("an answer")),
        [
            "updated by externalId, version 2",
            "unchanged by externalId, version 1",
            "created, version 1"
        ]
    );
}
