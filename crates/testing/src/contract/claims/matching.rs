//! Matching by shared keys: e-mail address, phone, VAT number.

pub(crate) mod recognizing;

use contacts_domain::upsert::{Key, Ladder, OnAmbiguous, Options, Outcome, Verdict};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] = claims![
    shared_key_of_one_contact_finds_it,
    ambiguous_shared_key_lists_the_candidates,
    ambiguous_shared_key_finds_the_oldest_on_request,
    ambiguous_shared_key_yields_on_request,
    phone_and_mobile_numbers_find_each_other,
    candidates_are_limited_to_lowest_ids,
    shared_keys_match_only_on_request,
    oldest_with_the_same_email_is_named_beside_found_contacts,
];

/// Each shared key with a stored and a sent spelling of the same value.
fn shared_keys() -> [(Key, Value, Value); 3] {
    [
        (
            Key::Email,
            json!({"email": "Info@Rhone.example"}),
            json!({"email": " info@rhone.EXAMPLE "}),
        ),
        (Key::Phone, json!({"phone": "022 700 59 29"}), json!({"phone": "+41 22 700 59 29"})),
        (
            Key::VatNumber,
            json!({"isCustomer": true, "client": {"vatNumber": "CHE-116.281.710 TVA"}}),
            json!({"isCustomer": true, "client": {"vatNumber": "CHE116281710"}}),
        ),
    ]
}

fn matching_by(key: Key, on_ambiguous: OnAmbiguous) -> Options {
    Options { ladder: Ladder::new([key, Key::ExternalId]), on_ambiguous, ..Options::default() }
}

/// A person with these members and that external id.
fn keyed(members: &Value, external_id: &str) -> Value {
    let mut person = person(members.clone());
    person["externalId"] = json!(external_id);
    person
}

/// Two contacts that share a key, lower id first, their external ids ending in `1` and `2`.
async fn sharing(fixture: &StoreFixture, key: Key, members: &Value) -> [Outcome; 2] {
    let items = ["1", "2"].map(|end| keyed(members, &format!("{}-{end}", key.as_str())));
    let created = fixture.send(&items).await;
    assert!(created.iter().all(|outcome| !outcome.verdict.is_refusal()), "{created:?}");
    created.try_into().expect("two outcomes")
}

async fn shared_key_of_one_contact_finds_it(fixture: &StoreFixture) {
    for (key, stored, asked_for) in shared_keys() {
        let created = fixture.create(keyed(&stored, key.as_str())).await;

        let item = person(asked_for);
        let found = fixture.send_with(matching_by(key, OnAmbiguous::Reject), &[item]).await;

        assert_eq!(found[0].matched_by, Some(key), "{found:?}");
        assert_eq!(id_of(&found[0]), id_of(&created));
    }
    assert_eq!(fixture.everything().await.len(), 3);
}

async fn ambiguous_shared_key_lists_the_candidates(fixture: &StoreFixture) {
    for (key, stored, asked_for) in shared_keys() {
        let contacts = sharing(fixture, key, &stored).await;
        let before = fixture.everything().await;

        let item = person(asked_for);
        let refused = fixture.send_with(matching_by(key, OnAmbiguous::Reject), &[item]).await;

        let answer = answers(&refused).remove(0);
        assert!(answer.starts_with("ambiguous"), "{answer}");
        assert_eq!(refused[0].candidates, contacts.each_ref().map(|contact| Some(id_of(contact))));
        assert_eq!(fixture.everything().await, before);
    }
}

async fn ambiguous_shared_key_finds_the_oldest_on_request(fixture: &StoreFixture) {
    for (key, stored, asked_for) in shared_keys() {
        let [oldest, other] = sharing(fixture, key, &stored).await;

        let mut item = person(asked_for);
        item["firstName"] = json!("Ada");
        let found = fixture.send_with(matching_by(key, OnAmbiguous::Oldest), &[item]).await;

        let expected = format!("updated by {}, version 2", key.as_str());
        assert_eq!(answers(&found), [expected]);
        assert_eq!(id_of(&found[0]), id_of(&oldest));
        assert_eq!(fixture.living(id_of(&other)).await, record_of(&other).clone());
    }
}

async fn ambiguous_shared_key_yields_on_request(fixture: &StoreFixture) {
    for (key, stored, asked_for) in shared_keys() {
        let [_, second] = sharing(fixture, key, &stored).await;

        let mut item = keyed(&asked_for, &format!("{}-2", key.as_str()));
        item["firstName"] = json!("Ada");
        let found = fixture.send_with(matching_by(key, OnAmbiguous::Next), &[item]).await;

        assert_eq!(answers(&found), ["updated by externalId, version 2"]);
        assert_eq!(id_of(&found[0]), id_of(&second));
    }
}

async fn phone_and_mobile_numbers_find_each_other(fixture: &StoreFixture) {
    for (stored, asked_for, number) in
        [("mobile", "phone", "+41 79 123 45 67"), ("phone", "mobile", "+41 79 123 45 68")]
    {
        let created = fixture.create(person(json!({stored: number}))).await;

        let item = person(json!({asked_for: number.replace("+41 ", "0")}));
        let options = matching_by(Key::Phone, OnAmbiguous::Reject);
        let found = fixture.send_with(options, &[item]).await;

        assert_eq!(answers(&found), ["updated by phone, version 2"]);
        assert_eq!(id_of(&found[0]), id_of(&created));
    }

    // Both numbers of one contact are one hit.
    let number = "+41 79 123 45 69";
    let twice = person(json!({"phone": number, "mobile": number}));
    fixture.create(twice.clone()).await;
    let found = fixture.send_with(matching_by(Key::Phone, OnAmbiguous::Reject), &[twice]).await;
    assert_eq!(answers(&found), ["unchanged by phone, version 1"]);
}

async fn candidates_are_limited_to_lowest_ids(fixture: &StoreFixture) {
    let crowd: Vec<_> = (0..Outcome::MAX_CANDIDATES + 3)
        .map(|number| keyed(&json!({"email": "info@rhone.example"}), &format!("A-{number}")))
        .collect();
    let mut ids: Vec<_> = fixture.send(&crowd).await.iter().map(id_of).collect();
    ids.sort();

    let item = person(json!({"email": "info@rhone.example"}));
    let refused = fixture.send_with(matching_by(Key::Email, OnAmbiguous::Reject), &[item]).await;

    assert!(refused[0].candidates.iter().flatten().eq(&ids[..Outcome::MAX_CANDIDATES]));
}

async fn shared_keys_match_only_on_request(fixture: &StoreFixture) {
    let members = json!({"phone": "022 700 59 29", "mobile": "+41 79 123 45 67"});
    let first = fixture.create(person(members.clone())).await;

    let second = fixture.create(person(members)).await;

    fixture.holds([&first, &second]).await;
}

/// A store need not look for the owners of an address where an identity key finds the contact.
async fn oldest_with_the_same_email_is_named_beside_found_contacts(fixture: &StoreFixture) {
    let with = |members: Value| {
        let mut person = person(members);
        person["email"] = json!("info@rhone.example");
        person
    };
    let oldest = id_of(&fixture.create(with(json!({}))).await);
    let named = format!("contact {oldest} has the same e-mail address");
    let twin = |outcome: &Outcome| outcome.violations.iter().map(|it| it.message.clone()).collect();

    let create = with(json!({"externalId": "New"}));
    let found = with(json!({"externalId": "A", "title": "Dr."}));
    fixture.send(&[with(json!({"externalId": "A"}))]).await;
    let sent = fixture.send(&[found.clone(), create]).await;
    let twins: [Vec<String>; 2] = [twin(&sent[0]), twin(&sent[1])];
    assert_eq!(twins, [vec![], vec![named.clone()]]);

    // The contact that has the key is no longer found by it.
    let id = id_of(&sent[0]);
    for other in [json!("B"), Value::Null] {
        let move_key = json!({"id": id.get(), "externalId": other});
        let sent = fixture.send(&[move_key, found.clone()]).await;
        assert_eq!(sent[1].verdict, Verdict::Created);
        assert_eq!(twin(&sent[1]), std::slice::from_ref(&named));
        fixture.delete(id_of(&sent[1])).await;
        fixture.send(&[json!({"id": id.get(), "externalId": "A"})]).await;
    }
    let sent = fixture.delete_and_send(id, std::slice::from_ref(&found)).await;
    assert_eq!(sent[1].verdict, Verdict::Created);
    assert_eq!(twin(&sent[1]), std::slice::from_ref(&named));

    let phone = json!("+41 22 700 59 29");
    fixture.send(&[json!({"externalId": "A", "phone": phone})]).await;
    let by_phone = json!({"externalId": "C", "phone": phone});
    let options = matching_by(Key::Phone, OnAmbiguous::Reject);
    let sent = fixture.send_with(options, &[by_phone, found]).await;
    assert_eq!(answers(&sent[..1]), ["updated by phone, version 3"]);
    assert_eq!(sent[1].verdict, Verdict::Created);
    assert_eq!(twin(&sent[1]), [named]);
}
