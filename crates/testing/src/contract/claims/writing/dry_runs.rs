//! Deciding and not writing.

use contacts_domain::upsert::{Options, Outcome};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] =
    claims![dry_run_answers_and_stores_nothing, dry_run_takes_no_ids,];

fn dry_run() -> Options {
    Options { dry_run: true, ..Options::default() }
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&record_of(outcome).document).expect("JSON")
}

async fn dry_run_answers_and_stores_nothing(fixture: &StoreFixture) {
    let stored = fixture.create(person(json!({"externalId": "A"}))).await;
    let id = id_of(&stored);
    let before = fixture.everything().await;

    let items = [
        json!({"externalId": "A", "title": "Dr.", "addresses": [{"name": "Home"}]}),
        person(
            json!({"externalId": "B", "isStaff": true, "staff": {"familyMembers": [{"firstName": "Luc"}]}}),
        ),
        json!({"externalId": "B", "title": "Dr."}),
        json!({"id": id.get(), "externalId": "B"}),
    ];
    let outcomes = fixture.send_with(dry_run(), &items).await;

    assert_eq!(
        answers(&outcomes),
        [
            "updated by externalId, version 2",
            "created, version 1",
            "updated by externalId, as item 1, version 2",
            "rejected by id, as item 0, 1 candidates, UNIQUE_VIOLATION externalId",
        ]
    );
    let ids: Vec<_> = outcomes.iter().map(|o| o.contact.as_ref().and_then(|c| c.id)).collect();
    assert_eq!(ids, [Some(id), None, None, Some(id)]);
    let updated = document(&outcomes[0]);
    assert_eq!(updated["id"], json!(id.get()));
    assert_eq!(updated["addresses"], json!([{"id": null, "name": "Home"}]));
    let created = document(&outcomes[1]);
    assert_eq!([&created["id"], &created["contactId"]], [&Value::Null; 2]);
    let family = json!([{"id": null, "staffId": null, "firstName": "Luc"}]);
    assert_eq!(created["staff"], json!({"id": null, "contactId": null, "familyMembers": family}));
    let message = format!("belongs to a new contact, and the item is about contact {id}");
    assert_eq!(outcomes[3].violations[0].message, message);
    assert_eq!(fixture.everything().await, before);
}

async fn dry_run_takes_no_ids(fixture: &StoreFixture) {
    let first = fixture.create(person(json!({"externalId": "A"}))).await;
    let many: Vec<Value> =
        (0..500).map(|number| person(json!({"externalId": number.to_string()}))).collect();
    for items in [&many[..1], &many] {
        fixture.send_with(dry_run(), items).await;
    }
    let second = fixture.create(person(json!({"externalId": "B"}))).await;
    assert_eq!(id_of(&second).get(), id_of(&first).get() + 1);
}
