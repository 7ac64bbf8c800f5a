//! Batches that are decided in one transaction end like batches one after the other.

use std::sync::Arc;

use contacts_domain::decision::{AliasKey, Decision as _, EmailOwners, Group};
use contacts_domain::upsert::{Batch, Item, Outcome};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

fn person(members: Value) -> Value {
    let mut person = json!({"contactType": "PERSON", "lastName": "Rochat"});
    person.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    person
}

fn batch(fixture: &Fixture, items: &[Value]) -> Arc<Batch> {
    let items = items.iter().map(|item| Item::read(&item.to_string(), &fixture.context)).collect();
    Arc::new(Batch::new(fixture.context.clone(), fixture.options.clone(), items))
}

/// Applies each item in a batch of its own, all in one group.
fn send_together(fixture: &mut Fixture, items: &[Value]) -> Vec<Option<Vec<Outcome>>> {
    let batches = items.iter().map(|item| batch(fixture, std::slice::from_ref(item))).collect();
    let reports = fixture.run(&Group::new(batches).unwrap());
    reports.into_iter().map(|report| report.map(|outcomes| outcomes.unwrap())).collect()
}

#[test]
fn no_batch_is_no_group() {
    assert!(Group::<Batch>::new(Vec::new()).is_none());
}

#[test]
fn batch_that_depends_on_an_earlier_one_is_left_out() {
    let stored = [
        person(json!({"externalId": "A", "email": "a@example.org"})),
        person(json!({"externalId": "B"})),
    ];
    for (first, second) in [
        (json!({"externalId": "NEW"}), json!({"externalId": "NEW"})),
        (json!({"id": 1, "title": "Dr"}), json!({"externalId": "A", "title": "Prof"})),
        (json!({"id": 1, "externalId": "C"}), json!({"externalId": "A"})),
        (json!({"id": 1, "externalId": "C"}), json!({"externalId": "C"})),
        (json!({"externalId": "NEW", "email": "n@example.org"}), json!({"email": "n@example.org"})),
        (json!({"id": 1, "email": "n@example.org"}), json!({"email": "n@example.org"})),
    ] {
        let mut fixture = Fixture::default();
        fixture.send(json!(stored));
        let outcomes =
            send_together(&mut fixture, &[person(first.clone()), person(second.clone())]);
        assert!(outcomes[0].is_some() && outcomes[1].is_none(), "{first} {second}");

        let mut alone = Fixture::default();
        alone.send(json!(stored));
        alone.send(json!([person(first)]));
        assert_eq!(fixture.records, alone.records);
    }
}

#[test]
fn batches_without_common_keys_are_decided_together() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "A", "email": "a@example.org"}))]));
    let outcomes = send_together(
        &mut fixture,
        &[
            person(json!({"externalId": "B", "email": "b@example.org"})),
            person(json!({"externalId": "A", "title": "Dr"})),
            person(json!({"externalId": "C", "email": "c@example.org"})),
            json!({"externalId": "D"}),
        ],
    );
    let outcomes: Vec<Outcome> = outcomes.into_iter().flat_map(Option::unwrap).collect();
    assert_eq!(verdicts(&outcomes), ["created", "updated", "created", "rejected"]);
}

/// An item over few keys, so that many meet.
fn item() -> impl Strategy<Value = Value> {
    let key = prop::option::of(prop::sample::select(vec!["A", "B", "C", "D", "E"]));
    let email = prop::option::of(prop::sample::select(vec!["a@example.org", "b@example.org"]));
    let id = prop::option::of(1_i64..8);
    let related = prop::option::of(1_i64..8);
    let title = prop::option::of(prop::sample::select(vec!["Dr", "Prof"]));
    (key, email, id, related, title).prop_map(|(key, email, id, related, title)| {
        let mut item = person(json!({"email": email, "title": title}));
        let members = item.as_object_mut().unwrap();
        members.extend(key.map(|key| ("externalId".to_owned(), json!(key))));
        members.extend(id.map(|id| ("id".to_owned(), json!(id))));
        members.extend(related.map(|id| ("relatedContactIds".to_owned(), json!([id]))));
        item
    })
}

/// Outcomes without the ids of runs, of which the fixture gives the same to each request.
fn without_runs(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.iter_mut().filter_map(|outcome| outcome.contact.as_mut()).for_each(|contact| {
        contact.run = None;
    });
    outcomes
}

proptest! {
    #[test]
    fn group_ends_like_its_batches_one_by_one(
        stored in prop::collection::vec(item(), 0..6),
        sent in prop::collection::vec(item(), 1..8),
    ) {
        let mut fixture = Fixture::default();
        fixture.send(Value::Array(stored));
        let mut alone = fixture.clone();

        let together = send_together(&mut fixture, &sent);

        for (item, outcomes) in sent.iter().zip(together) {
            if let Some(outcomes) = outcomes {
                prop_assert_eq!(without_runs(alone.send(json!([item]))), without_runs(outcomes));
            }
        }
        prop_assert_eq!(fixture.records, alone.records);
        prop_assert_eq!(fixture.aliases, alone.aliases);
    }
}

#[test]
fn owners_of_an_email_are_asked_for_once() {
    let fixture = Fixture::default();
    let keyed = |key: &str| person(json!({"externalId": key, "email": "info@rhone.example"}));
    let email = "info@rhone.example".to_owned();
    let alone = batch(&fixture, &[keyed("A")]);
    let unless = Some(AliasKey::ExternalId("A".to_owned()));
    let asked = [EmailOwners { email: email.clone(), unless }];
    assert_eq!(alone.lookup_keys().email_owners, asked);

    // One that is found does not tell whether the other creates.
    let together = batch(&fixture, &[keyed("A"), keyed("B")]);
    assert_eq!(together.lookup_keys().email_owners, [EmailOwners::from(email.clone())]);
    let group = Group::new(vec![alone, batch(&fixture, &[keyed("B")])]).unwrap();
    assert_eq!(group.lookup_keys().email_owners, [EmailOwners::from(email)]);
}
