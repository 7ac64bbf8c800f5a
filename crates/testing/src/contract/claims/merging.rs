//! Merging one contact into another.

use contacts_domain::contact::Record;
use contacts_domain::merging::MergeReport;
use contacts_domain::upsert::Outcome;
use contacts_domain::{Code, ContactId, Violation};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};
use contacts_application::ports::Lifecycle;

pub(crate) const CLAIMS: &[Claim] = claims![
    merge_fills_the_target_and_deletes_the_source,
    merged_keys_lead_to_the_target,
    target_without_keys_takes_those_of_source,
    merged_key_belongs_to_the_next_taker,
    merged_keys_follow_a_second_merge,
    merged_keys_of_deleted_target_lead_nowhere,
    merged_id_leads_to_the_target,
    merged_id_follows_a_second_merge,
    merged_id_of_deleted_target_is_unknown,
    merged_id_leads_nowhere_elsewhere,
    references_move_to_the_target,
    references_to_merged_contacts_are_resolved,
    refused_merge_changes_nothing,
];

/// Creates persons with these external ids.
async fn persons<const N: usize>(fixture: &StoreFixture, external_ids: [&str; N]) -> [Outcome; N] {
    let items = external_ids.map(|external_id| person(json!({"externalId": external_id})));
    let created = fixture.send(&items).await;
    assert_eq!(answers(&created), ["created, version 1"; N]);
    created.try_into().expect("as many outcomes as items")
}

/// The contact that an item with that external id finds, without changing it.
async fn found_by(fixture: &StoreFixture, external_id: &str) -> ContactId {
    let before = fixture.everything().await;
    let found = fixture.send(&[json!({"externalId": external_id})]).await;
    assert!(answers(&found)[0].starts_with("unchanged by externalId"), "{found:?}");
    assert_eq!(fixture.everything().await, before);
    id_of(&found[0])
}

fn relations(record: &Record) -> Value {
    let mut document: Value = serde_json::from_str(&record.document).expect("JSON");
    document["relatedContactIds"].take()
}

async fn merge_fills_the_target_and_deletes_the_source(fixture: &StoreFixture) {
    let target = fixture.create(person(json!({"externalId": "A", "firstName": "Ada"}))).await;
    let source = fixture
        .create(person(json!({
            "externalId": "B",
            "firstName": "Berta",
            "email": "b@one.example",
            "isCustomer": true,
        })))
        .await;
    let request = fixture.request();
    let now = request.now;

    let (target, source) = (record_of(&target), record_of(&source));
    let report = fixture.merge_for(request, target.id.get(), source.id.get()).await;
    let merged = fixture.living(target.id).await;
    assert_eq!(report.map(|merged| (*merged.contact).clone()), Ok(merged.clone()));
    let mut projection = target.projection.clone();
    projection.email = Some("b@one.example".to_owned());
    projection.is_customer = true;
    let document: Value = serde_json::from_str(&merged.document).expect("JSON");
    assert_eq!(
        merged,
        Record {
            projection,
            version: target.version.next(),
            updated_at: now,
            document: merged.document.clone(),
            ..target.clone()
        }
    );
    assert_eq!(
        (&document["firstName"], &document["email"]),
        (&json!("Ada"), &json!("b@one.example"))
    );

    let deleted = fixture.read(source.id, Lifecycle::Deleted).await.expect("a deleted contact");
    assert_eq!((deleted.deleted_at, deleted.created_at), (Some(now), source.created_at));
    assert_eq!(fixture.everything().await, [merged, deleted]);
}

async fn merged_keys_lead_to_the_target(fixture: &StoreFixture) {
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let other_link_id = "00000000-0000-4000-8000-000000000001";
    let target = fixture.create(person(json!({"externalId": "A", "linkId": other_link_id}))).await;
    let source = fixture.create(person(json!({"externalId": "B", "linkId": link_id}))).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

    assert_eq!(found_by(fixture, "B").await, id_of(&target));
    let by_link_id = fixture.send(&[json!({"linkId": link_id, "firstName": "Ada"})]).await;

    assert_eq!(answers(&by_link_id), ["updated by linkId, version 3"]);
    assert_eq!(id_of(&by_link_id[0]), id_of(&target));
    let projection = &record_of(&by_link_id[0]).projection;
    assert_eq!(projection.external_id.as_deref(), Some("A"));
    assert_eq!(projection.link_id.map(|id| id.to_string()).as_deref(), Some(other_link_id));
}

async fn target_without_keys_takes_those_of_source(fixture: &StoreFixture) {
    let target = fixture.create(person(json!({"firstName": "Ada"}))).await;
    let source = fixture.create(person(json!({"externalId": "B"}))).await;

    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

    let merged = fixture.living(id_of(&target)).await;
    assert_eq!(merged.projection.external_id.as_deref(), Some("B"));
    assert_eq!(found_by(fixture, "B").await, id_of(&target));
}

async fn merged_key_belongs_to_the_next_taker(fixture: &StoreFixture) {
    let [target, source, third] = persons(fixture, ["A", "B", "C"]).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

    let given = fixture.send(&[json!({"id": id_of(&third).get(), "externalId": "B"})]).await;
    assert_eq!(answers(&given), ["updated by id, version 2"]);
    assert_eq!(found_by(fixture, "B").await, id_of(&third));

    // The alias is gone for good: once the key is free again, it leads nowhere.
    fixture.send(&[json!({"id": id_of(&third).get(), "externalId": null})]).await;
    let created = fixture.send(&[person(json!({"externalId": "B"}))]).await;
    assert_eq!(answers(&created), ["created, version 1"]);
}

async fn merged_keys_follow_a_second_merge(fixture: &StoreFixture) {
    let [first, second, third] = persons(fixture, ["A", "B", "C"]).await;

    assert_eq!(fixture.merge(id_of(&second), id_of(&first)).await, Ok(()));
    assert_eq!(fixture.merge(id_of(&third), id_of(&second)).await, Ok(()));

    assert_eq!(found_by(fixture, "A").await, id_of(&third));
    assert_eq!(found_by(fixture, "B").await, id_of(&third));
}

async fn merged_keys_of_deleted_target_lead_nowhere(fixture: &StoreFixture) {
    let [target, source] = persons(fixture, ["A", "B"]).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));
    let deleted = fixture.delete_and_send(id_of(&target), &[]).await;
    assert_eq!(answers(&deleted), ["deleted by id, version 3"]);

    let created = fixture.send(&[person(json!({"externalId": "B"}))]).await;

    assert_eq!(answers(&created), ["created, version 1"]);
    assert_eq!(found_by(fixture, "B").await, id_of(&created[0]));
}

async fn merged_id_leads_to_the_target(fixture: &StoreFixture) {
    let [target, source] = persons(fixture, ["A", "B"]).await;
    let [target, source] = [id_of(&target), id_of(&source)];
    assert_eq!(fixture.survivor(source).await, None);
    assert_eq!(fixture.merge(target, source).await, Ok(()));

    let nightly = json!({"id": source.get(), "externalId": "B", "firstName": "Ada"});
    let updated = fixture.send(std::slice::from_ref(&nightly)).await;

    assert_eq!(answers(&updated), ["updated by id, version 3"]);
    assert_eq!(id_of(&updated[0]), target);
    let both = fixture.send(&[json!({"externalId": "A"}), nightly]).await;
    let expected = ["unchanged by externalId, version 3", "unchanged by id, as item 0, version 3"];
    assert_eq!(answers(&both), expected);
    assert_eq!(fixture.survivor(source).await, Some(fixture.living(target).await));
    assert_eq!(fixture.survivor(target).await, None);
}

async fn merged_id_follows_a_second_merge(fixture: &StoreFixture) {
    let persons = persons(fixture, ["A", "B", "C"]).await;
    let [first, second, third] = persons.each_ref().map(id_of);
    assert_eq!(fixture.merge(second, first).await, Ok(()));
    assert_eq!(fixture.merge(third, second).await, Ok(()));

    let found = fixture.send(&[first, second].map(|id| json!({"id": id.get()}))).await;

    let expected = ["unchanged by id, version 2", "unchanged by id, as item 0, version 2"];
    assert_eq!(answers(&found), expected);
    assert_eq!(found.iter().map(id_of).collect::<Vec<_>>(), [third; 2]);
    assert_eq!(fixture.survivor(first).await, Some(fixture.living(third).await));
}

async fn merged_id_of_deleted_target_is_unknown(fixture: &StoreFixture) {
    let [target, source] = persons(fixture, ["A", "B"]).await;
    let [target, source] = [id_of(&target), id_of(&source)];
    assert_eq!(fixture.merge(target, source).await, Ok(()));
    fixture.delete_and_send(target, &[]).await;

    let refused = fixture.send(&[json!({"id": source.get()})]).await;

    assert_eq!(answers(&refused), ["rejected, CONTACT_NOT_FOUND id"]);
    assert_eq!(fixture.survivor(source).await, None);
}

async fn merged_id_leads_nowhere_elsewhere(fixture: &StoreFixture) {
    let [target, source] = persons(fixture, ["A", "B"]).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

    let items = [
        json!({"id": id_of(&source).get()}),
        person(json!({"relatedContactIds": [id_of(&source).get()]})),
    ];
    let refused = fixture.send_elsewhere(&items).await;

    let expected = ["rejected, CONTACT_NOT_FOUND id", "rejected, NOT_FOUND relatedContactIds[0]"];
    assert_eq!(answers(&refused), expected);
}

async fn references_move_to_the_target(fixture: &StoreFixture) {
    let [target, source, bystander] = persons(fixture, ["A", "B", "C"]).await;
    let [target_id, source_id, bystander_id] = [&target, &source, &bystander].map(id_of);
    let related = |ids: &[ContactId]| {
        let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
        person(json!({"relatedContactIds": ids}))
    };
    let one = fixture.create(related(&[bystander_id, source_id])).await;
    let both = fixture.create(related(&[target_id, source_id])).await;
    let neither = fixture.create(related(&[bystander_id])).await;

    assert_eq!(fixture.merge(target_id, source_id).await, Ok(()));

    let moved = fixture.living(id_of(&one)).await;
    assert_eq!(relations(&moved), json!([bystander_id.get(), target_id.get()]));
    assert_eq!(moved.version, record_of(&one).version.next());
    assert_eq!(relations(&fixture.living(id_of(&both)).await), json!([target_id.get()]));
    assert_eq!(&fixture.living(id_of(&neither)).await, record_of(&neither));

    // The next merge finds the references to the target.
    assert_eq!(fixture.merge(bystander_id, target_id).await, Ok(()));
    assert_eq!(relations(&fixture.living(id_of(&one)).await), json!([bystander_id.get()]));
}

async fn references_to_merged_contacts_are_resolved(fixture: &StoreFixture) {
    let [target, source] = persons(fixture, ["A", "B"]).await;
    let [target, source] = [id_of(&target), id_of(&source)];
    assert_eq!(fixture.merge(target, source).await, Ok(()));
    let item =
        person(json!({"externalId": "C", "relatedContactIds": [source.get(), target.get()]}));

    let created = fixture.send(std::slice::from_ref(&item)).await;
    assert_eq!(answers(&created), ["created, version 1"]);
    assert_eq!(relations(record_of(&created[0])), json!([target.get()]));
    let again = fixture.send(std::slice::from_ref(&item)).await;
    assert_eq!(answers(&again), ["unchanged by externalId, version 1"]);

    // A reference stays where its target is deleted, and no other comes to it.
    fixture.delete_and_send(target, &[]).await;
    let again = fixture.send(std::slice::from_ref(&item)).await;
    assert_eq!(answers(&again), ["unchanged by externalId, version 1"]);
    let refused = fixture.send(&[person(json!({"relatedContactIds": [source.get()]}))]).await;
    assert_eq!(answers(&refused), ["rejected, NOT_FOUND relatedContactIds[0]"]);
}

async fn refused_merge_changes_nothing(fixture: &StoreFixture) {
    let [target, source, deleted] = persons(fixture, ["A", "B", "C"]).await;
    let organization = fixture
        .create(json!({"contactType": "ORGANIZATION", "externalId": "D", "name": "Rhône SA"}))
        .await;
    fixture.delete(id_of(&deleted)).await;
    let before = fixture.everything().await;

    let [target, source, deleted, organization] =
        [&target, &source, &deleted, &organization].map(|outcome| id_of(outcome).get());
    let unknown = organization + 1_000_000_000;
    for (target, source) in [
        (target, target),
        (target, unknown),
        (unknown, source),
        (target, deleted),
        (deleted, source),
        (target, organization),
        (0, source),
    ] {
        let report: MergeReport = fixture.merge_for(fixture.request(), target, source).await;
        let refusal = report.expect_err("a refusal");
        assert!(refusal.iter().any(Violation::is_error), "{refusal:?}");
        assert!(refusal.iter().all(|violation| violation.code() != Code::NoError), "{refusal:?}");
    }
    assert_eq!(fixture.everything().await, before);
}
