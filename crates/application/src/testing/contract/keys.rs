//! Identity keys: unique among the living of an organization, at every moment.

use contacts_domain::upsert::{Key, Ladder, Options, Outcome};
use serde_json::{Value, json};

use super::Trial;
use super::trial::{answers, external_id_of, id_of, person};

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// Two stored contacts with the external ids `A` and `B`.
async fn two_contacts(trial: &Trial) -> (Outcome, Outcome) {
    let first = trial.create(person(json!({"externalId": "A", "firstName": "Ada"}))).await;
    let second = trial.create(person(json!({"externalId": "B", "firstName": "Berta"}))).await;
    (first, second)
}

/// An item that gives the contact of `outcome` that external id.
fn rekeyed(outcome: &Outcome, external_id: impl Into<Value>) -> Value {
    json!({"id": id_of(outcome).get(), "externalId": external_id.into()})
}

pub async fn three_items_with_one_new_external_id_make_one_contact(trial: &Trial) {
    let outcomes = trial
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
    trial.holds(&outcomes[2..]).await;
}

pub async fn a_key_with_nul_is_refused_and_stops_no_other(trial: &Trial) {
    let stored = trial.create(person(json!({"externalId": "A"}))).await;
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
    let outcomes = trial.send_for(trial.request(), options, &items).await;

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
    trial.holds([&stored, &outcomes[5]]).await;
}

pub async fn a_key_given_up_is_free_for_the_next_item(trial: &Trial) {
    let item = person(json!({"externalId": "A", "linkId": LINK_ID}));
    let first = trial.create(item.clone()).await;

    let outcomes = trial
        .send(&[json!({"id": id_of(&first).get(), "externalId": null, "linkId": null}), item])
        .await;

    assert_eq!(answers(&outcomes), ["updated by id, version 2", "created, version 1"]);
    trial.holds(&outcomes).await;
}

pub async fn a_key_given_up_stays_free_for_later_batches(trial: &Trial) {
    let first = trial.create(person(json!({"externalId": "A", "linkId": LINK_ID}))).await;
    let given_up =
        trial.send(&[json!({"id": id_of(&first).get(), "externalId": "Z", "linkId": null})]).await;

    let taken = trial.send(&[person(json!({"externalId": "A", "linkId": LINK_ID}))]).await;

    assert_eq!(answers(&given_up), ["updated by id, version 2"]);
    assert_eq!(answers(&taken), ["created, version 1"]);
    trial.holds(given_up.iter().chain(&taken)).await;
}

pub async fn a_key_moves_from_one_stored_contact_to_another(trial: &Trial) {
    // In both orders of ids: a store that writes in id order must not trip over either.
    let (first, second) = two_contacts(trial).await;
    let there = trial.send(&[rekeyed(&first, Value::Null), rekeyed(&second, "A")]).await;
    assert_eq!(answers(&there), ["updated by id, version 2", "updated by id, version 2"]);
    trial.holds(&there).await;

    let back = trial.send(&[rekeyed(&second, Value::Null), rekeyed(&first, "A")]).await;
    assert_eq!(answers(&back), ["updated by id, version 3", "updated by id, version 3"]);
    trial.holds(&back).await;
}

pub async fn two_contacts_exchange_their_keys_within_three_items(trial: &Trial) {
    let (first, second) = two_contacts(trial).await;

    let outcomes = trial
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
    trial.holds(&outcomes[1..]).await;

    let by_key = trial.send(&[json!({"externalId": "A"}), json!({"externalId": "B"})]).await;
    assert_eq!(by_key.iter().map(id_of).collect::<Vec<_>>(), [id_of(&second), id_of(&first)]);
}

pub async fn a_key_in_use_refuses_only_the_item_that_wants_it(trial: &Trial) {
    let (first, second) = two_contacts(trial).await;

    let outcomes = trial
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
            "rejected, UNIQUE_VIOLATION externalId",
            "created, version 1",
            "rejected, UNIQUE_VIOLATION externalId",
        ]
    );
    trial.holds([&first, &second, &outcomes[1]]).await;
}

pub async fn keys_of_two_contacts_refuse_the_item_that_names_both(trial: &Trial) {
    let (first, second) = two_contacts(trial).await;
    let third = trial.create(person(json!({"linkId": LINK_ID}))).await;

    let outcomes = trial
        .send(&[
            json!({"id": id_of(&first).get(), "externalId": "B", "firstName": "Cleo"}),
            json!({"linkId": LINK_ID, "externalId": "A", "firstName": "Cleo"}),
            json!({"id": id_of(&first).get(), "linkId": LINK_ID}),
        ])
        .await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected, UNIQUE_VIOLATION externalId",
            "rejected, UNIQUE_VIOLATION externalId",
            "rejected, as item 0, UNIQUE_VIOLATION linkId",
        ]
    );
    trial.holds([&first, &second, &third]).await;
}

pub async fn external_ids_are_told_apart_byte_for_byte(trial: &Trial) {
    // Composed and decomposed, upper and lower case, with and without inner and leading zeros.
    let external_ids = ["ÉA", "E\u{301}A", "éa", "EA", "01", "1", "1.0", "A B", "A  B", "A%", "A_"];
    let items: Vec<_> =
        external_ids.iter().map(|external_id| person(json!({"externalId": external_id}))).collect();

    let created = trial.send(&items).await;
    assert_eq!(answers(&created), ["created, version 1"; 11]);
    let again = trial.send(&items).await;
    assert_eq!(answers(&again), ["unchanged by externalId, version 1"; 11]);

    assert_eq!(created.iter().map(external_id_of).collect::<Vec<_>>(), external_ids.map(Some));
    trial.holds(&created).await;
}

pub async fn link_ids_are_the_same_in_any_case(trial: &Trial) {
    let created = trial.create(person(json!({"linkId": LINK_ID}))).await;

    let found = trial.send(&[json!({"linkId": LINK_ID.to_uppercase(), "firstName": "Ada"})]).await;

    assert_eq!(answers(&found), ["updated by linkId, version 2"]);
    assert_eq!(id_of(&found[0]), id_of(&created));
    trial.holds(&found).await;
}
