//! Taking contacts out of the directory of intercoms.

use contacts_domain::upsert::Verdict;
use serde_json::{Value, json};

use super::entries::{LINK_ID, OTHER_LINK_ID, block, entry};
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};
use contacts_application::ports::Lifecycle;

pub(crate) const CLAIMS: &[Claim] = claims![
    unlinked_endpoint_is_deleted,
    unlinked_person_loses_block_and_link_id,
    unlinked_link_id_can_be_created_again,
    merged_link_id_unlinks_nothing,
    contact_without_entry_is_not_unlinked_by_id,
    only_own_entries_are_unlinked,
    restored_contact_is_an_entry_again,
];

fn by_link_id() -> Value {
    json!({"linkId": LINK_ID})
}

async fn unlinked_endpoint_is_deleted(fixture: &StoreFixture) {
    let items = [LINK_ID, OTHER_LINK_ID]
        .map(|link_id| json!({"linkId": link_id, "intercom": block("Door")}));
    let panels = fixture.send_entries(&items).await;

    let keys = [by_link_id(), json!({"id": id_of(&panels[1]).get()})];
    let deleted = fixture.unlink(&keys).await;

    assert_eq!(answers(&deleted), ["deleted by linkId, version 2", "deleted by id, version 2"]);
    assert_eq!(fixture.entries().await, []);
    for (panel, outcome) in panels.iter().zip(&deleted) {
        let gone = fixture.read(id_of(panel), Lifecycle::Deleted).await;
        assert_eq!(gone.as_ref(), Some(record_of(outcome)));
    }
    let again = fixture.unlink(&keys).await;
    assert_eq!(answers(&again), ["rejected, CONTACT_NOT_FOUND ", "rejected, CONTACT_NOT_FOUND id"]);
}

async fn unlinked_person_loses_block_and_link_id(fixture: &StoreFixture) {
    let item = |external_id: &str, link_id: &str| {
        person(json!({"externalId": external_id, "linkId": link_id, "intercom": block("Door")}))
    };
    let created = fixture.send(&[item("A", LINK_ID), item("B", OTHER_LINK_ID)]).await;

    let unlinked = fixture.unlink(&[by_link_id(), json!({"id": id_of(&created[1]).get()})]).await;

    assert_eq!(answers(&unlinked), ["updated by linkId, version 2", "updated by id, version 2"]);
    assert_eq!(fixture.entries().await, []);
    fixture.holds(&unlinked).await;
    for outcome in &unlinked {
        let document: Value = serde_json::from_str(&record_of(outcome).document).expect("JSON");
        assert_eq!(record_of(outcome).projection.link_id, None);
        assert_eq!((document.get("linkId"), document.get("intercom")), (None, None));
    }
    let found = fixture.send(&[json!({"externalId": "A"}), json!({"externalId": "B"})]).await;
    assert_eq!(answers(&found), ["unchanged by externalId, version 2"; 2]);
}

async fn unlinked_link_id_can_be_created_again(fixture: &StoreFixture) {
    let sent = json!({"linkId": LINK_ID, "intercom": block("Door")});
    for first in [sent.clone(), person(sent.clone())] {
        let old = id_of(&fixture.send_entries(&[first]).await[0]);
        fixture.unlink(&[by_link_id()]).await;

        let created = fixture.send_entries(std::slice::from_ref(&sent)).await;

        assert_eq!(answers(&created), ["created, version 1"]);
        let new = id_of(&created[0]);
        assert!(new > old, "{new} after {old}");
        assert_eq!(fixture.entries().await, [(new, entry(Some(LINK_ID), "Door"))]);
        fixture.unlink(&[by_link_id()]).await;
    }
}

async fn merged_link_id_unlinks_nothing(fixture: &StoreFixture) {
    let target =
        fixture.create(person(json!({"linkId": LINK_ID, "intercom": block("Door")}))).await;
    let source = fixture.create(person(json!({"linkId": OTHER_LINK_ID}))).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));
    let before = fixture.everything().await;

    let keys = [json!({"linkId": OTHER_LINK_ID}), json!({"id": id_of(&source).get()})];
    let refused = fixture.unlink(&keys).await;

    let fault = |key: &str| format!("rejected, CONTACT_NOT_FOUND {key}");
    assert_eq!(answers(&refused), [fault("linkId"), fault("id")]);
    assert_eq!(fixture.everything().await, before);
    assert_eq!(fixture.entries().await, [(id_of(&target), entry(Some(LINK_ID), "Door"))]);
}

async fn contact_without_entry_is_not_unlinked_by_id(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"linkId": LINK_ID}))).await;

    let refused = fixture.unlink(&[json!({"id": id_of(&created).get()})]).await;
    assert_eq!(answers(&refused), ["rejected by id, CONTACT_NOT_FOUND id"]);
    fixture.holds([&created]).await;

    let unlinked = fixture.unlink(&[by_link_id()]).await;
    assert_eq!(answers(&unlinked), ["updated by linkId, version 2"]);
}

async fn only_own_entries_are_unlinked(fixture: &StoreFixture) {
    let items = [person(json!({"linkId": LINK_ID, "intercom": block("Door")}))];
    let elsewhere = fixture.send_elsewhere(&items).await;

    let refused = fixture.unlink(&[by_link_id(), json!({"id": id_of(&elsewhere[0]).get()})]).await;

    assert!(refused.iter().all(|outcome| outcome.verdict == Verdict::Rejected), "{refused:?}");
    fixture.holds(&elsewhere).await;
    assert_eq!(fixture.entries_elsewhere().await.len(), 1);
}

async fn restored_contact_is_an_entry_again(fixture: &StoreFixture) {
    let item = json!({"linkId": LINK_ID, "intercom": block("Door")});
    let panel = fixture.send_entries(&[item]).await;
    let deleted = fixture.unlink(&[by_link_id()]).await;
    assert_eq!(fixture.entries().await, []);

    fixture.restore(record_of(&deleted[0])).await.expect("its keys are free");

    assert_eq!(fixture.entries().await, [(id_of(&panel[0]), entry(Some(LINK_ID), "Door"))]);
}
