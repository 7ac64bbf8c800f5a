//! Living and deleted contacts.

use contacts_domain::ContactId;
use contacts_domain::contact::Record;
use contacts_domain::upsert::{Key, Ladder, Mode, Options};
use serde_json::json;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};
use contacts_application::ports::Lifecycle;
use contacts_domain::restoring::{NotRestored, Restore};

pub(crate) const CLAIMS: &[Claim] = claims![
    living_contact_is_read_as_living_only,
    deleted_contact_is_read_as_deleted_only,
    unknown_contact_is_read_as_neither,
    deleted_contact_is_found_by_no_key,
    deletion_frees_keys_for_the_next_item,
    key_of_deleted_contact_moves_to_stored_one,
    restored_contact_is_as_it_was,
    restored_contact_owns_its_keys_again,
    contact_whose_key_was_taken_stays_deleted,
    merged_contact_stays_deleted,
    restoring_without_writing_changes_nothing,
];

async fn living_contact_is_read_as_living_only(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    let id = id_of(&created);

    assert_eq!(fixture.read(id, Lifecycle::Living).await.as_ref(), Some(record_of(&created)));
    assert_eq!(fixture.read(id, Lifecycle::Deleted).await, None);
}

async fn deleted_contact_is_read_as_deleted_only(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    let other = fixture.create(person(json!({"externalId": "B"}))).await;

    let deleted = fixture.delete(id_of(&created)).await;

    let (before, after) = (record_of(&created), record_of(&deleted));
    assert!(after.updated_at > before.updated_at, "{after:?}");
    let expected = Record {
        version: before.version.next(),
        updated_at: after.updated_at,
        deleted_at: Some(after.updated_at),
        ..before.clone()
    };
    assert_eq!(*after, expected);
    assert_eq!(fixture.read(after.id, Lifecycle::Living).await, None);
    assert_eq!(fixture.read(after.id, Lifecycle::Deleted).await.as_ref(), Some(after));
    fixture.holds([&deleted, &other]).await;
}

async fn unknown_contact_is_read_as_neither(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;

    let far_away = ContactId::new(id_of(&created).get() + 1_000_000_000).expect("an id");
    for lifecycle in [Lifecycle::Living, Lifecycle::Deleted] {
        assert_eq!(fixture.read(far_away, lifecycle).await, None);
    }
}

async fn deleted_contact_is_found_by_no_key(fixture: &StoreFixture) {
    let shared = [
        (Key::Email, json!({"email": "info@rhone.example"})),
        (Key::Phone, json!({"phone": "022 700 59 29"})),
        (Key::Phone, json!({"mobile": "+41 79 123 45 67"})),
        (Key::VatNumber, json!({"isVendor": true, "supplier": {"vatNumber": "CHE-116.281.710"}})),
    ];
    let identity = [
        (Key::ExternalId, json!({"externalId": "A"})),
        (Key::LinkId, json!({"linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"})),
    ];
    for (key, members) in shared.into_iter().chain(identity) {
        let created = fixture.create(person(members.clone())).await;
        fixture.delete(id_of(&created)).await;
        let before = fixture.everything().await;

        let by_key =
            Options { ladder: Ladder::new([key]), mode: Mode::Update, ..Options::default() };
        let by_key = fixture.send_with(by_key, &[person(members)]).await;
        let by_id = fixture.send(&[json!({"id": id_of(&created).get(), "lastName": "X"})]).await;

        assert_eq!(answers(&by_key), ["rejected, CONTACT_NOT_FOUND "], "{}", key.as_str());
        assert_eq!(answers(&by_id), ["rejected, CONTACT_NOT_FOUND id"]);
        assert_eq!(fixture.everything().await, before);
    }
}

async fn deletion_frees_keys_for_the_next_item(fixture: &StoreFixture) {
    let item = person(json!({
        "externalId": "A",
        "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    }));
    let old = fixture.create(item.clone()).await;

    let outcomes = fixture.delete_and_send(id_of(&old), std::slice::from_ref(&item)).await;
    assert_eq!(answers(&outcomes), ["deleted by id, version 2", "created, version 1"]);
    fixture.holds(&outcomes).await;

    let again = fixture.send(&[item]).await;
    assert_eq!(answers(&again), ["unchanged by linkId, version 1"]);
    assert_eq!(id_of(&again[0]), id_of(&outcomes[1]));
}

async fn key_of_deleted_contact_moves_to_stored_one(fixture: &StoreFixture) {
    // In both orders of ids: a store that writes in id order must not trip over either.
    for (external_id, takes_from_the_older) in [("A", true), ("B", false)] {
        let older = fixture.create(person(json!({"linkId": null}))).await;
        let newer = fixture.create(person(json!({"linkId": null}))).await;
        let (giver, taker) = if takes_from_the_older { (older, newer) } else { (newer, older) };
        let keyed = |id: ContactId| json!({"id": id.get(), "externalId": external_id});
        fixture.send(&[keyed(id_of(&giver))]).await;

        let outcomes = fixture.delete_and_send(id_of(&giver), &[keyed(id_of(&taker))]).await;

        assert_eq!(answers(&outcomes), ["deleted by id, version 3", "updated by id, version 2"]);
        assert_eq!(fixture.living(id_of(&taker)).await, record_of(&outcomes[1]).clone());
    }
}

/// A person with both identity keys, an entry and a relation, deleted.
async fn a_deleted_person(fixture: &StoreFixture) -> (Record, Record) {
    let other = fixture.create(person(json!({"externalId": "B"}))).await;
    let created = fixture
        .create(person(json!({
            "externalId": "A",
            "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "intercom": {"name": "Door", "type": "multi", "number": "0001-01-01"},
            "relatedContactIds": [id_of(&other).get()],
        })))
        .await;
    let deleted = fixture.delete(id_of(&created)).await;
    (record_of(&created).clone(), record_of(&deleted).clone())
}

async fn restored_contact_is_as_it_was(fixture: &StoreFixture) {
    let (created, deleted) = a_deleted_person(fixture).await;

    let restored = fixture.restore(&deleted).await.expect("its keys are free");

    let expected = Record {
        version: deleted.version.next(),
        updated_at: restored.updated_at,
        digest: None,
        ..created
    };
    assert!(restored.updated_at > deleted.updated_at, "{restored:?}");
    assert_eq!(*restored, expected);
    assert_eq!(fixture.living(restored.id).await, expected);
    assert_eq!(fixture.read(restored.id, Lifecycle::Deleted).await, None);
    assert_eq!(fixture.restore(&deleted).await, Ok(restored), "restoring it again changes nothing");
}

async fn restored_contact_owns_its_keys_again(fixture: &StoreFixture) {
    let (_, deleted) = a_deleted_person(fixture).await;
    fixture.restore(&deleted).await.expect("its keys are free");

    for key in
        [json!({"externalId": "A"}), json!({"linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"})]
    {
        let found = fixture.send(&[person(key)]).await;
        assert_eq!(id_of(&found[0]), deleted.id);
    }
}

async fn contact_whose_key_was_taken_stays_deleted(fixture: &StoreFixture) {
    let (_, deleted) = a_deleted_person(fixture).await;
    let taker = fixture.create(person(json!({"externalId": "A"}))).await;
    let before = fixture.everything().await;

    let refused = fixture.restore(&deleted).await;

    let owner = id_of(&taker);
    assert_eq!(refused, Err(NotRestored::KeyTaken { key: "externalId", owner }));
    assert_eq!(fixture.everything().await, before);
}

async fn merged_contact_stays_deleted(fixture: &StoreFixture) {
    let target = id_of(&fixture.create(person(json!({"externalId": "A"}))).await);
    let source = id_of(&fixture.create(person(json!({"externalId": "B"}))).await);
    assert_eq!(fixture.merge(target, source).await, Ok(()));
    let merged = fixture.read(source, Lifecycle::Deleted).await.expect("the source");
    assert_eq!(fixture.restore(&merged).await, Err(NotRestored::Merged(target)));

    fixture.delete_and_send(target, &[]).await;
    assert_eq!(fixture.restore(&merged).await, Err(NotRestored::Merged(target)));
}

async fn restoring_without_writing_changes_nothing(fixture: &StoreFixture) {
    let (_, deleted) = a_deleted_person(fixture).await;
    let before = fixture.everything().await;

    let restore = Restore::new(fixture.request(), &deleted, None).without_writing();
    let shown = fixture.contacts().restore(restore.into()).await.expect("the store does not fail");

    assert_eq!(shown.map(|record| record.deleted_at), Ok(None));
    assert_eq!(fixture.everything().await, before);
}
