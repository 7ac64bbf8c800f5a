//! No organization reads or changes contacts of another.

use contacts_domain::upsert::{Key, Ladder, Options};
use serde_json::json;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};
use contacts_application::ports::Lifecycle;

pub(crate) const CLAIMS: &[Claim] = claims![
    organizations_may_have_the_same_keys,
    organization_cannot_read_foreign_contacts,
    organization_cannot_match_foreign_contacts,
    merged_keys_mean_nothing_in_other_organizations,
    organization_cannot_relate_to_foreign_contacts,
    organization_cannot_merge_foreign_contacts,
];

async fn organizations_may_have_the_same_keys(fixture: &StoreFixture) {
    let items = [person(json!({
        "externalId": "A",
        "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "email": "info@rhone.example",
    }))];

    let here = fixture.send(&items).await;
    let elsewhere = fixture.send_elsewhere(&items).await;

    assert_eq!(answers(&here), ["created, version 1"]);
    assert_eq!(answers(&elsewhere), ["created, version 1"]);
    fixture.holds([&here[0], &elsewhere[0]]).await;
}

async fn organization_cannot_read_foreign_contacts(fixture: &StoreFixture) {
    let living = fixture.create(person(json!({"externalId": "A"}))).await;
    let deleted = fixture.create(person(json!({"externalId": "B"}))).await;
    fixture.delete(id_of(&deleted)).await;

    for id in [id_of(&living), id_of(&deleted)] {
        for lifecycle in [Lifecycle::Living, Lifecycle::Deleted] {
            assert_eq!(fixture.read_elsewhere(id, lifecycle).await, None);
        }
    }
}

async fn organization_cannot_match_foreign_contacts(fixture: &StoreFixture) {
    let members = json!({"externalId": "A", "email": "info@rhone.example"});
    let here = fixture.create(person(members.clone())).await;

    let by_id =
        fixture.send_elsewhere(&[json!({"id": id_of(&here).get(), "firstName": "A"})]).await;
    assert_eq!(answers(&by_id), ["rejected, CONTACT_NOT_FOUND id"]);

    let by_email = Options {
        ladder: Ladder::new([Key::ExternalId, Key::Email, Key::Phone]),
        ..Options::default()
    };
    let elsewhere =
        fixture.send_for(fixture.request_elsewhere(), by_email, &[person(members)]).await;
    assert_eq!(answers(&elsewhere), ["created, version 1"]);
    fixture.holds([&here, &elsewhere[0]]).await;
}

async fn merged_keys_mean_nothing_in_other_organizations(fixture: &StoreFixture) {
    let target = fixture.create(person(json!({"externalId": "A"}))).await;
    let source = fixture.create(person(json!({"externalId": "B"}))).await;
    assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

    let elsewhere = fixture.send_elsewhere(&[person(json!({"externalId": "B"}))]).await;
    assert_eq!(answers(&elsewhere), ["created, version 1"]);

    let here = fixture.send(&[json!({"externalId": "B"})]).await;
    assert_eq!(id_of(&here[0]), id_of(&target));
}

async fn organization_cannot_relate_to_foreign_contacts(fixture: &StoreFixture) {
    let here = fixture.create(person(json!({"externalId": "A"}))).await;

    let refused =
        fixture.send_elsewhere(&[person(json!({"relatedContactIds": [id_of(&here).get()]}))]).await;

    assert_eq!(answers(&refused), ["rejected, NOT_FOUND relatedContactIds[0]"]);
    fixture.holds([&here]).await;
}

async fn organization_cannot_merge_foreign_contacts(fixture: &StoreFixture) {
    let here = fixture.create(person(json!({"externalId": "A"}))).await;
    let elsewhere = fixture.send_elsewhere(&[person(json!({"externalId": "B"}))]).await.remove(0);
    let (ours, theirs) = (record_of(&here).id.get(), record_of(&elsewhere).id.get());

    for (target, source) in [(ours, theirs), (theirs, ours)] {
        for request in [fixture.request(), fixture.request_elsewhere()] {
            let report = fixture.merge_for(request, target, source).await;
            assert!(report.is_err(), "{target} and {source}");
        }
    }
    fixture.holds([&here, &elsewhere]).await;
}
