//! References to other contacts.

use serde_json::json;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    relation_to_a_living_contact_is_stored,
    relation_to_unknown_contact_refuses_the_item,
    new_contact_with_known_email_gets_a_warning,
    warning_names_earlier_items_too,
    warning_names_the_present_owner,
];

async fn relation_to_a_living_contact_is_stored(fixture: &StoreFixture) {
    let other = fixture.create(person(json!({"externalId": "A"}))).await;
    let item = person(json!({
        "externalId": "B",
        "relatedContactIds": [id_of(&other).get()],
        "relatedOrganizationContactIds": [id_of(&other).get()],
    }));

    let created = fixture.create(item.clone()).await;
    let again = fixture.send(&[item]).await;

    assert_eq!(answers(&again), ["unchanged by externalId, version 1"]);
    fixture.holds([&other, &created]).await;
}

async fn relation_to_unknown_contact_refuses_the_item(fixture: &StoreFixture) {
    let target = fixture.create(person(json!({"externalId": "A"}))).await;
    let deleted = fixture.create(person(json!({"externalId": "B"}))).await;
    fixture.delete(id_of(&deleted)).await;
    let before = fixture.everything().await;

    let target = id_of(&target).get();
    let outcomes = fixture
        .send(&[
            person(json!({"relatedContactIds": [target, target + 1_000_000_000]})),
            person(json!({"relatedOrganizationContactIds": [id_of(&deleted).get()]})),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected, NOT_FOUND relatedContactIds[1]",
            "rejected, NOT_FOUND relatedOrganizationContactIds[0]",
        ]
    );
    assert_eq!(fixture.everything().await, before);
}

async fn new_contact_with_known_email_gets_a_warning(fixture: &StoreFixture) {
    let first =
        fixture.create(person(json!({"externalId": "A", "email": "i@rhone.example"}))).await;
    let item = person(json!({"externalId": "B", "email": "I@rhone.example"}));

    let second = fixture.send(std::slice::from_ref(&item)).await;
    let again = fixture.send(&[item]).await;

    assert_eq!(answers(&second), ["created, version 1, DUPLICATION_ERROR email"]);
    assert!(!second[0].violations[0].is_error(), "{second:?}");
    assert!(
        second[0].violations[0].message.contains(&id_of(&first).to_string()),
        "the warning names the other contact: {second:?}"
    );
    assert_eq!(answers(&again), ["unchanged by externalId, version 1"]);
    fixture.holds([&first, &second[0]]).await;
}

async fn warning_names_earlier_items_too(fixture: &StoreFixture) {
    let item = |external_id: &str| {
        person(json!({"externalId": external_id, "email": "info@rhone.example"}))
    };

    let outcomes = fixture.send(&[item("A"), item("B")]).await;

    assert_eq!(
        answers(&outcomes),
        ["created, version 1", "created, version 1, DUPLICATION_ERROR email"]
    );
    fixture.holds(&outcomes).await;
}

async fn warning_names_the_present_owner(fixture: &StoreFixture) {
    let item = |external_id: &str| {
        person(json!({"externalId": external_id, "email": "info@rhone.example"}))
    };
    fixture.send(&[item("A"), item("B")]).await;

    let outcomes =
        fixture.send(&[person(json!({"externalId": "A", "email": null})), item("C")]).await;

    assert_eq!(
        answers(&outcomes),
        ["updated by externalId, version 2", "created, version 1, DUPLICATION_ERROR email"]
    );
}
