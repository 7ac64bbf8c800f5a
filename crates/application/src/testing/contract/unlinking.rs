//! Taking contacts out of the directory of intercoms.

use contacts_domain::upsert::Verdict;
use serde_json::{Value, json};

use super::Trial;
use super::entries::{LINK_ID, OTHER_LINK_ID, block, entry};
use super::trial::{answers, id_of, person, record_of};
use crate::ports::Lifecycle;

fn by_link_id() -> Value {
    json!({"linkId": LINK_ID})
}

pub async fn an_unlinked_endpoint_is_deleted(trial: &Trial) {
    let items = [LINK_ID, OTHER_LINK_ID]
        .map(|link_id| json!({"linkId": link_id, "intercom": block("Door")}));
    let doors = trial.send_entries(&items).await;

    let keys = [by_link_id(), json!({"id": id_of(&doors[1]).get()})];
    let deleted = trial.unlink(&keys).await;

    assert_eq!(answers(&deleted), ["deleted by linkId, version 2", "deleted by id, version 2"]);
    assert_eq!(trial.entries().await, []);
    for (door, outcome) in doors.iter().zip(&deleted) {
        let gone = trial.read(id_of(door), Lifecycle::Deleted).await;
        assert_eq!(gone.as_ref(), Some(record_of(outcome)));
    }
    let again = trial.unlink(&keys).await;
    assert_eq!(answers(&again), ["rejected, CONTACT_NOT_FOUND ", "rejected, CONTACT_NOT_FOUND id"]);
}

pub async fn an_unlinked_person_stays_without_block_and_link_id(trial: &Trial) {
    let item = |external_id: &str, link_id: &str| {
        person(json!({"externalId": external_id, "linkId": link_id, "intercom": block("Door")}))
    };
    let created = trial.send(&[item("A", LINK_ID), item("B", OTHER_LINK_ID)]).await;

    let unlinked = trial.unlink(&[by_link_id(), json!({"id": id_of(&created[1]).get()})]).await;

    assert_eq!(answers(&unlinked), ["updated by linkId, version 2", "updated by id, version 2"]);
    assert_eq!(trial.entries().await, []);
    trial.holds(&unlinked).await;
    for outcome in &unlinked {
        let document: Value = serde_json::from_str(&record_of(outcome).document).expect("JSON");
        assert_eq!(record_of(outcome).projection.link_id, None);
        assert_eq!((document.get("linkId"), document.get("intercom")), (None, None));
    }
    let found = trial.send(&[json!({"externalId": "A"}), json!({"externalId": "B"})]).await;
    assert_eq!(answers(&found), ["unchanged by externalId, version 2"; 2]);
}

pub async fn an_unlinked_link_id_is_created_anew(trial: &Trial) {
    let sent = json!({"linkId": LINK_ID, "intercom": block("Door")});
    for first in [sent.clone(), person(sent.clone())] {
        let old = id_of(&trial.send_entries(&[first]).await[0]);
        trial.unlink(&[by_link_id()]).await;

        let created = trial.send_entries(std::slice::from_ref(&sent)).await;

        assert_eq!(answers(&created), ["created, version 1"]);
        let new = id_of(&created[0]);
        assert!(new > old, "{new} after {old}");
        assert_eq!(trial.entries().await, [(new, entry(Some(LINK_ID), "Door"))]);
        trial.unlink(&[by_link_id()]).await;
    }
}

pub async fn a_link_id_that_a_merge_left_is_unlinked_for_good(trial: &Trial) {
    let target = trial.create(person(json!({"linkId": LINK_ID, "intercom": block("Door")}))).await;
    let source = trial.create(person(json!({"linkId": OTHER_LINK_ID}))).await;
    assert_eq!(trial.merge(id_of(&target), id_of(&source)).await, Ok(()));

    let unlinked = trial.unlink(&[json!({"linkId": OTHER_LINK_ID})]).await;
    assert_eq!(answers(&unlinked), ["updated by linkId, version 3"]);
    assert_eq!(id_of(&unlinked[0]), id_of(&target));
    assert_eq!(trial.entries().await, []);

    let items = [LINK_ID, OTHER_LINK_ID]
        .map(|link_id| json!({"linkId": link_id, "intercom": block("Gate")}));
    let created = trial.send_entries(&items).await;
    assert_eq!(answers(&created), ["created, version 1"; 2]);
}

pub async fn a_contact_that_is_no_entry_is_not_unlinked_by_its_id(trial: &Trial) {
    let created = trial.create(person(json!({"linkId": LINK_ID}))).await;

    let refused = trial.unlink(&[json!({"id": id_of(&created).get()})]).await;
    assert_eq!(answers(&refused), ["rejected by id, CONTACT_NOT_FOUND id"]);
    trial.holds([&created]).await;

    let unlinked = trial.unlink(&[by_link_id()]).await;
    assert_eq!(answers(&unlinked), ["updated by linkId, version 2"]);
}

pub async fn only_entries_of_the_organization_are_unlinked(trial: &Trial) {
    let items = [person(json!({"linkId": LINK_ID, "intercom": block("Door")}))];
    let elsewhere = trial.send_elsewhere(&items).await;

    let refused = trial.unlink(&[by_link_id(), json!({"id": id_of(&elsewhere[0]).get()})]).await;

    assert!(refused.iter().all(|outcome| outcome.verdict == Verdict::Rejected), "{refused:?}");
    trial.holds(&elsewhere).await;
    assert_eq!(trial.entries_elsewhere().await.len(), 1);
}
