//! Identity keys are unique among the living contacts of an organization, at every moment.

use contacts_domain::upsert::{Key, Ladder, Options, Outcome};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, external_id_of, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    items_with_one_new_key_make_one_contact,
    key_with_nul_refuses_only_its_item,
    released_key_is_free_for_the_next_item,
    released_key_is_free_for_later_batches,
    key_moves_between_stored_contacts,
    two_contacts_exchange_their_keys,
    key_in_use_refuses_only_its_item,
    keys_of_two_contacts_refuse_the_item,
    external_ids_differ_by_any_byte,
    link_ids_ignore_case,
];

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// Two stored contacts with the external ids `A` and `B`.
async fn two_contacts(fixture: &StoreFixture) -> (Outcome, Outcome) {
    let first = fixture.create(person(json!({"externalId": "A", "firstName": "Ada"}))).await;
    let second = fixture.create(person(json!({"externalId": "B", "firstName": "Berta"}))).await;
    (first, second)
}

/// An item that gives the contact of `outcome` that external id.
fn rekeyed(outcome: &Outcome, external_id: impl Into<Value>) -> Value {
    json!({"id": id_of(outcome).get(), "externalId": external_id.into()})
}

async fn items_with_one_new_key_make_one_contact(fixture: &StoreFixture) {
    let outcomes = fixture
        .send(&[
            person(json!({"externalId": "A", "firstName": "Ada"})),
            person(json!({"externalId": "A", "email": "a@one.example"})),
            person(json!({"externalId": " A ", "firstName": "Ada"})),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "created, version 1",
            "updated by externalId, as item 0, version 2",
            "unchanged by externalId, as item 0, version 2",
        ]
    );
    fixture.holds(&outcomes[2..]).await;
}

async fn key_with_nul_refuses_only_its_item(fixture: &StoreFixture) {
    let stored = fixture.create(person(json!({"externalId": "A"}))).await;
    let id = id_of(&stored).get();
    let by_every_key = Ladder::new([
        Key::Id,
        Key::LinkId,
        Key::ExternalId,
        Key::Email,
        Key::Phone,
        Key::VatNumber,
    ]);
    let options = Options { ladder: by_every_key, ..Options::default() };
    let items = [
        person(json!({"externalId": "A\0"})),
        person(json!({"externalId": "\0"})),
        json!({"contactType": "ORGANIZATION", "name": "One SA", "isCustomer": true,
            "client": {"vatNumber": "CHE-116.281.710\0"}}),
        person(json!({"linkId": "\0"})),
        json!({"id": id, "externalId": "A\0"}),
        person(json!({"externalId": "B"})),
    ];
    let outcomes = fixture.send_for(fixture.request(), options, &items).await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected, VALIDATION_ERROR externalId",
            "rejected, VALIDATION_ERROR externalId",
            "rejected, VALIDATION_ERROR client.vatNumber",
            "rejected, VALIDATION_ERROR linkId, VALIDATION_ERROR linkId",
            "rejected by id, VALIDATION_ERROR externalId",
            "created, version 1",
        ]
    );
    fixture.holds([&stored, &outcomes[5]]).await;
}

async fn released_key_is_free_for_the_next_item(fixture: &StoreFixture) {
    let item = person(json!({"externalId": "A", "linkId": LINK_ID}));
    let first = fixture.create(item.clone()).await;

    let outcomes = fixture
        .send(&[json!({"id": id_of(&first).get(), "externalId": null, "linkId": null}), item])
        .await;

    assert_eq!(answers(&outcomes), ["updated by id, version 2", "created, version 1"]);
    fixture.holds(&outcomes).await;
}

async fn released_key_is_free_for_later_batches(fixture: &StoreFixture) {
    let first = fixture.create(person(json!({"externalId": "A", "linkId": LINK_ID}))).await;
    let given_up = fixture
        .send(&[json!({"id": id_of(&first).get(), "externalId": "Z", "linkId": null})])
        .await;

    let taken = fixture.send(&[person(json!({"externalId": "A", "linkId": LINK_ID}))]).await;

    assert_eq!(answers(&given_up), ["updated by id, version 2"]);
    assert_eq!(answers(&taken), ["created, version 1"]);
    fixture.holds(given_up.iter().chain(&taken)).await;
}

async fn key_moves_between_stored_contacts(fixture: &StoreFixture) {
    // In both orders of ids: a store that writes in id order must not trip over either.
    let (first, second) = two_contacts(fixture).await;
    let there = fixture.send(&[rekeyed(&first, Value::Null), rekeyed(&second, "A")]).await;
    assert_eq!(answers(&there), ["updated by id, version 2", "updated by id, version 2"]);
    fixture.holds(&there).await;

    let back = fixture.send(&[rekeyed(&second, Value::Null), rekeyed(&first, "A")]).await;
    assert_eq!(answers(&back), ["updated by id, version 3", "updated by id, version 3"]);
    fixture.holds(&back).await;
}

async fn two_contacts_exchange_their_keys(fixture: &StoreFixture) {
    let (first, second) = two_contacts(fixture).await;

    let outcomes = fixture
        .send(&[rekeyed(&first, Value::Null), rekeyed(&second, "A"), rekeyed(&first, "B")])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "updated by id, version 2",
            "updated by id, version 2",
            "updated by id, as item 0, version 3",
        ]
    );
    fixture.holds(&outcomes[1..]).await;

    let by_key = fixture.send(&[json!({"externalId": "A"}), json!({"externalId": "B"})]).await;
    assert_eq!(by_key.iter().map(id_of).collect::<Vec<_>>(), [id_of(&second), id_of(&first)]);
}

async fn key_in_use_refuses_only_its_item(fixture: &StoreFixture) {
    let (first, second) = two_contacts(fixture).await;

    let outcomes = fixture
        .send(&[
            rekeyed(&second, "A"),
            person(json!({"externalId": "C"})),
            // Two steps short of an exchange: the key is not free yet.
            rekeyed(&first, "B"),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected by id, 1 candidates, UNIQUE_VIOLATION externalId",
            "created, version 1",
            "rejected by id, 1 candidates, UNIQUE_VIOLATION externalId",
        ]
    );
    fixture.holds([&first, &second, &outcomes[1]]).await;
}

async fn keys_of_two_contacts_refuse_the_item(fixture: &StoreFixture) {
    let (first, second) = two_contacts(fixture).await;
    let third = fixture.create(person(json!({"linkId": LINK_ID}))).await;

    let outcomes = fixture
        .send(&[
            json!({"id": id_of(&first).get(), "externalId": "B", "firstName": "Cleo"}),
            json!({"linkId": LINK_ID, "externalId": "A", "firstName": "Cleo"}),
            json!({"id": id_of(&first).get(), "linkId": LINK_ID}),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected by id, 1 candidates, UNIQUE_VIOLATION externalId",
            "rejected by linkId, 1 candidates, UNIQUE_VIOLATION externalId",
            "rejected by id, as item 0, 1 candidates, UNIQUE_VIOLATION linkId",
        ]
    );
    fixture.holds([&first, &second, &third]).await;
}

async fn external_ids_differ_by_any_byte(fixture: &StoreFixture) {
    // Composed and decomposed, upper and lower case, with and without inner and leading zeros.
    let external_ids = ["ÉA", "E\u{301}A", "éa", "EA", "01", "1", "1.0", "A B", "A  B", "A%", "A_"];
    let items: Vec<_> =
        external_ids.iter().map(|external_id| person(json!({"externalId": external_id}))).collect();

    let created = fixture.send(&items).await;
    assert_eq!(answers(&created), ["created, version 1"; 11]);
    let again = fixture.send(&items).await;
    assert_eq!(answers(&again), ["unchanged by externalId, version 1"; 11]);

    assert_eq!(created.iter().map(external_id_of).collect::<Vec<_>>(), external_ids.map(Some));
    fixture.holds(&created).await;
}

async fn link_ids_ignore_case(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"linkId": LINK_ID}))).await;

    let found =
        fixture.send(&[json!({"linkId": LINK_ID.to_uppercase(), "firstName": "Ada"})]).await;

    assert_eq!(answers(&found), ["updated by linkId, version 2"]);
    assert_eq!(id_of(&found[0]), id_of(&created));
    fixture.holds(&found).await;
}
