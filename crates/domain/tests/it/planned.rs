//! Batches that were planned by a dry run, and store what it said or nothing.

use std::collections::HashSet;

use contacts_domain::upsert::{
    Atomicity, Batch, Expectation, Item, OnRepeat, Options, Outcome, Verdict,
};
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

fn person(key: &str, name: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": key, "lastName": name})
}

fn batch(fixture: &Fixture, items: &[Value], options: Options) -> Batch {
    let mut names = HashSet::new();
    let mut read = |item: &Value| {
        let mut members = item.clone();
        let delete = members.as_object_mut().unwrap().remove("$delete").is_some();
        let item = Item::read_linked(&members.to_string(), &fixture.context);
        let item = if delete { item.to_delete() } else { item };
        let name = members["externalId"].as_str().unwrap_or_default().to_lowercase();
        if names.insert(name.clone()) { item.named(name) } else { item }
    };
    Batch::new(fixture.context.clone(), options, items.iter().map(&mut read).collect())
}

fn plan(fixture: &mut Fixture, items: &[Value]) -> (Vec<Outcome>, Vec<Option<Expectation>>) {
    let options = Options { dry_run: true, changes: true, ..fixture.options.clone() };
    let outcomes = fixture.run(&batch(fixture, items, options)).unwrap();
    let expected = outcomes.iter().map(Expectation::of).collect();
    (outcomes, expected)
}

fn apply(
    fixture: &mut Fixture,
    items: &[Value],
    expected: Vec<Option<Expectation>>,
) -> Vec<Outcome> {
    let batch = batch(fixture, items, fixture.options.clone()).expecting(expected);
    fixture.run(&batch).unwrap()
}

/// The verdicts of the plan of the items, of its application after other items were sent, and the
/// stored contacts.
fn overtaken(
    options: Options,
    stored: &[Value],
    items: &[Value],
    meanwhile: &[Value],
) -> (Vec<&'static str>, Vec<&'static str>, Fixture) {
    let mut fixture = Fixture::default();
    let usual = Options::default();
    fixture.run(&batch(&fixture, stored, usual.clone())).unwrap();
    fixture.options = options;
    let (planned, expected) = plan(&mut fixture, items);
    fixture.run(&batch(&fixture, meanwhile, usual)).unwrap();
    let before = fixture.records.clone();
    let applied = apply(&mut fixture, items, expected);
    for (outcome, record) in applied.iter().zip(&before) {
        // What is stale shows the contact as it is stored.
        if let (Verdict::Stale, Some(contact)) = (outcome.verdict, &outcome.contact) {
            let stored = before.iter().find(|stored| Some(stored.id) == contact.id);
            assert_eq!(stored.unwrap_or(record).version, contact.version);
        }
    }
    (verdicts(&planned), verdicts(&applied), fixture)
}

#[test]
fn plan_on_unchanged_contacts_is_the_direct_request() {
    let stored = [person("A", "Abt"), person("B", "Blanc"), person("C", "Chappuis")];
    let items = [
        person("A", "Amstutz"),
        person("A", "Ammann"),
        json!({"externalId": "B", "$delete": true}),
        person("B", "Second"),
        person("C", "Chappuis"),
        json!({"contactType": "PERSON", "lastName": "New", "addresses": [{"city": "Bern"}],
               "relatedContactIds": [{"ref": "d"}, {"externalId": "A"}]}),
        person("D", "Ducret"),
        json!({"externalId": "A", "email": "none"}),
    ];
    let (planned, applied, planning) = overtaken(Options::default(), &stored, &items, &[]);
    assert_eq!(applied, planned);
    let mut direct = Fixture::default();
    direct.run(&batch(&direct, &stored, Options::default())).unwrap();
    direct.run(&batch(&direct, &items, Options::default())).unwrap();
    assert_eq!(planning.records, direct.records);
}

#[test]
fn contact_that_moved_is_left_alone() {
    let stored = [person("A", "Abt"), person("B", "Blanc")];
    let items = [person("A", "Amstutz"), person("B", "Bonnard"), person("A", "Ammann")];
    let meanwhile = [json!({"externalId": "A", "phone": "022 700 59 29"})];
    let (planned, applied, fixture) = overtaken(Options::default(), &stored, &items, &meanwhile);
    assert_eq!(planned, ["updated"; 3]);
    assert_eq!(applied, ["stale", "updated", "stale"]);
    assert_eq!(fixture.document(1)["lastName"], "Abt");
    assert_eq!(fixture.records[0].version.get(), 2);
}

#[test]
fn contact_that_others_changed_alike_is_left_alone() {
    let refused = json!({"externalId": "A", "email": "none"});
    let (hug, ammann) = (person("A", "Hug"), person("A", "Ammann"));
    for items in [vec![hug.clone(), ammann.clone()], vec![refused, hug.clone(), ammann]] {
        let stored = [person("A", "Abt")];
        let (planned, applied, fixture) =
            overtaken(Options::default(), &stored, &items, std::slice::from_ref(&hug));
        assert_eq!(planned[planned.len() - 2..], ["updated"; 2]);
        assert_eq!(applied[applied.len() - 2..], ["stale"; 2]);
        assert_eq!(fixture.document(1)["lastName"], "Hug");
    }
}

#[test]
fn key_that_was_taken_or_freed_makes_items_stale() {
    let gone = json!({"externalId": "A", "$delete": true});
    for (stored, item, meanwhile) in [
        // Created by another.
        (vec![], person("A", "Abt"), person("A", "Abt")),
        // Deleted by another, so that it would be created.
        (vec![person("A", "Abt")], person("A", "Amstutz"), gone.clone()),
        (vec![person("A", "Abt")], gone.clone(), person("A", "Amstutz")),
        // Nothing to change, and then there is.
        (vec![person("A", "Abt")], person("A", "Abt"), person("A", "Amstutz")),
        // Refused by an owner that is gone.
        (
            vec![person("A", "Abt"), person("B", "Blanc")],
            json!({"id": 2, "externalId": "A"}),
            gone.clone(),
        ),
    ] {
        let (_, applied, fixture) =
            overtaken(Options::default(), &stored, std::slice::from_ref(&item), &[meanwhile]);
        assert_eq!(applied, ["stale"], "{item}");
        let living: Vec<_> = fixture.living().map(|record| record.version.get()).collect();
        assert!(living.len() <= 1 || living == [1, 1], "{item} {living:?}");
    }
}

#[test]
fn item_that_counts_on_a_stale_one_is_stale() {
    let stored = [person("A", "Abt"), person("B", "Blanc")];
    // The second takes the key that the first gives up, the third relates to the second.
    let items = [
        json!({"id": 1, "externalId": "Z"}),
        json!({"id": 2, "externalId": "A"}),
        json!({"contactType": "PERSON", "externalId": "N", "lastName": "x"}),
        json!({"contactType": "PERSON", "lastName": "x", "relatedContactIds": [{"ref": "n"}]}),
    ];
    let meanwhile = [person("A", "Amstutz"), person("N", "Other")];
    let (planned, applied, fixture) = overtaken(Options::default(), &stored, &items, &meanwhile);
    assert_eq!(planned, ["updated", "updated", "created", "created"]);
    assert_eq!(applied, ["stale"; 4]);
    assert_eq!(fixture.records.len(), 3);
}

#[test]
fn item_does_not_take_the_version_of_others_for_that_of_an_earlier_item() {
    let link = |last: char| format!("6f9619ff-8b86-d011-b42d-00cf4fc964f{last}");
    let stored = [json!({"contactType": "PERSON", "externalId": "A", "linkId": link('0'),
                         "lastName": "Abt"})];
    let items = [
        json!({"linkId": link('0'), "contactType": "PERSON", "lastName": "Amstutz"}),
        json!({"externalId": "A", "phone": "022 700 59 29"}),
    ];
    // The contact gets the version that the first item would give it, which would create one now.
    let meanwhile = [json!({"externalId": "A", "linkId": link('1')})];
    let (planned, applied, fixture) = overtaken(Options::default(), &stored, &items, &meanwhile);
    assert_eq!(planned, ["updated", "updated"]);
    assert_eq!(applied, ["stale", "stale"]);
    assert_eq!(fixture.records.len(), 1);
    assert_eq!(fixture.document(1).get("phone"), None);
}

#[test]
fn relation_that_leads_elsewhere_makes_an_item_stale() {
    let stored = [person("A", "Abt"), person("B", "Blanc")];
    let items = [
        json!({"contactType": "PERSON", "lastName": "x", "relatedContactIds": [{"externalId": "A"}]}),
    ];
    let meanwhile = [json!({"id": 1, "externalId": "Z"}), json!({"id": 2, "externalId": "A"})];
    let (planned, applied, _) = overtaken(Options::default(), &stored, &items, &meanwhile);
    assert_eq!((planned, applied), (vec!["created"], vec!["stale"]));
}

#[test]
fn stale_item_stops_a_batch_of_all_or_nothing() {
    let options = Options { atomicity: Atomicity::Batch, ..Options::default() };
    let stored = [person("A", "Abt")];
    let items = [person("A", "Amstutz"), person("B", "Blanc")];
    let (planned, applied, fixture) =
        overtaken(options.clone(), &stored, &items, &[person("A", "Other")]);
    assert_eq!((planned, applied), (vec!["updated", "created"], vec!["stale", "rejected"]));
    assert_eq!(fixture.records.len(), 1);

    // A plan that stores nothing says so again.
    let bad = [person("B", "Blanc"), json!({"externalId": "A", "email": "none"})];
    let (planned, applied, fixture) = overtaken(options, &stored, &bad, &[]);
    assert_eq!((planned, applied), (vec!["rejected"; 2], vec!["rejected"; 2]));
    assert_eq!(fixture.records.len(), 1);
}

#[test]
fn stale_item_keeps_its_place_among_repeats() {
    let stored = [person("A", "Abt")];
    let items = [person("A", "First"), person("A", "Last")];
    for (on_repeat, expected) in [
        (OnRepeat::First, ["stale", "rejected"]),
        (OnRepeat::Last, ["rejected", "stale"]),
        (OnRepeat::Reject, ["rejected", "rejected"]),
    ] {
        let options = Options { on_repeat, ..Options::default() };
        let (_, applied, fixture) = overtaken(options, &stored, &items, &[person("A", "Other")]);
        assert_eq!(applied, expected);
        assert_eq!(fixture.document(1)["lastName"], "Other");
    }
}

#[test]
fn planned_stale_item_that_is_current_now_stays_stale() {
    let item = |name| json!({"externalId": "A", "lastName": name, "ifVersion": 2});
    let stored = [person("A", "Abt")];
    let (planned, applied, fixture) =
        overtaken(Options::default(), &stored, &[item("Mine")], &[person("A", "Other")]);
    assert_eq!((planned, applied), (vec!["stale"], vec!["stale"]));
    assert_eq!(fixture.document(1)["lastName"], "Other");
}

#[test]
fn id_that_is_handed_out_only_now_names_nothing() {
    // The ids 1 and 2 are those of the new contacts.
    let items = [
        person("A", "Abt"),
        json!({"id": 1, "lastName": "Guessed"}),
        json!({"contactType": "PERSON", "lastName": "x", "relatedContactIds": [1]}),
    ];
    let (planned, applied, fixture) = overtaken(Options::default(), &[], &items, &[]);
    assert_eq!(planned, ["created", "rejected", "rejected"]);
    assert_eq!(applied, ["created", "stale", "stale"]);
    assert_eq!(fixture.records.len(), 1);
    assert_eq!(fixture.document(1)["lastName"], "Abt");
}

#[test]
fn item_after_one_that_an_id_made_stale_is_stale() {
    let items = [
        person("A", "Abt"),
        json!({"externalId": "A", "relatedContactIds": [1]}),
        json!({"externalId": "A", "$delete": true}),
        person("A", "Abt"),
    ];
    let (planned, applied, fixture) = overtaken(Options::default(), &[], &items, &[]);
    assert_eq!(planned, ["created", "rejected", "deleted", "created"]);
    assert_eq!(applied, ["created", "stale", "stale", "stale"]);
    assert_eq!(fixture.records.len(), 1);
}

#[test]
fn rights_and_settings_count_as_they_are_now() {
    let staff = json!({"contactType": "PERSON", "externalId": "A", "lastName": "x",
                       "isStaff": true, "staff": {"jobTitle": "Boss"}});
    for (then, now, expected) in
        [(true, false, "stale"), (false, true, "stale"), (true, true, "created")]
    {
        let mut fixture = Fixture::default();
        fixture.context.may_write_staff = then;
        let (_, planned) = plan(&mut fixture, std::slice::from_ref(&staff));
        fixture.context.may_write_staff = now;
        let applied = apply(&mut fixture, std::slice::from_ref(&staff), planned);
        assert_eq!(verdicts(&applied), [expected], "{then} {now}");
    }
}
