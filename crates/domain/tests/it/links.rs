//! Relations to contacts of the same batch.

use contacts_domain::upsert::{Item, Mode, OnRepeat, Options, Outcome};
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

/// An item for the contact with that external id, that others may name in small letters.
fn item(key: &str, related: Value) -> Value {
    json!({
        "contactType": "PERSON", "externalId": key, "lastName": "x", "relatedContactIds": related,
    })
}

fn read(fixture: &Fixture, item: &Value) -> Item {
    let name = item["externalId"].as_str().unwrap_or("").to_lowercase();
    Item::read_linked(&item.to_string(), &fixture.context).named(name)
}

fn send(fixture: &mut Fixture, items: &[Value]) -> Vec<Outcome> {
    let items = items.iter().map(|item| read(fixture, item)).collect();
    fixture.send_items(items)
}

/// What is wrong with an item, as `pointer code value`.
fn wrong(outcome: &Outcome) -> Vec<String> {
    let violations = outcome.violations.iter();
    violations.map(|v| format!("{} {} {}", v.path.pointer(), v.code(), v.value)).collect()
}

fn related(fixture: &Fixture, id: i64) -> Value {
    fixture.document(id)["relatedContactIds"].clone()
}

#[test]
fn contacts_of_one_batch_name_each_other() {
    let mut fixture = Fixture::default();
    let items = [
        item("A", json!([{"externalId": " B "}, {"ref": "c"}])),
        item("B", json!([{"ref": "a"}, {"ref": "a"}, {"ref": "b"}])),
        item("C", json!([{"externalId": "A"}, {"externalId": "B"}])),
    ];
    assert_eq!(verdicts(&send(&mut fixture, &items)), ["created"; 3]);
    assert_eq!(related(&fixture, 1), json!([2, 3]));
    assert_eq!(related(&fixture, 2), json!([1]));
    assert_eq!(related(&fixture, 3), json!([1, 2]));

    assert_eq!(verdicts(&send(&mut fixture, &items)), ["unchanged"; 3]);
    // The ids of parts go on after those of the contacts.
    let other = item("D", json!([{"externalId": "C"}, 1, {"externalId": "A"}]));
    assert_eq!(verdicts(&send(&mut fixture, &[other])), ["created"]);
    assert_eq!(fixture.records[3].projection.external_id.as_deref(), Some("D"));
    assert_eq!(related(&fixture, fixture.records[3].id.get()), json!([3, 1]));
}

#[test]
fn link_that_leads_nowhere_refuses_all_that_lead_to_it() {
    let mut fixture = Fixture::default();
    let mut bad = item("C", json!([]));
    bad["email"] = json!("no address");
    let items = [
        item("A", json!([{"ref": "b"}])),
        item("B", json!([{"ref": "c"}])),
        bad,
        item("D", json!([{"ref": "e"}, {"ref": "none"}, {"externalId": "none"}])),
        item("E", json!([])),
    ];
    let outcomes = send(&mut fixture, &items);
    let refused = ["rejected", "rejected", "rejected", "rejected", "created"];
    assert_eq!(verdicts(&outcomes), refused);
    assert_eq!(wrong(&outcomes[0]), ["/relatedContactIds/0 NOT_FOUND b"]);
    assert_eq!(wrong(&outcomes[1]), ["/relatedContactIds/0 NOT_FOUND c"]);
    assert_eq!(
        wrong(&outcomes[3]),
        ["/relatedContactIds/1 NOT_FOUND none", "/relatedContactIds/2 NOT_FOUND none"]
    );
    assert_eq!(fixture.records.len(), 1);
}

#[test]
fn deleted_contact_is_no_target() {
    let mut fixture = Fixture::default();
    send(&mut fixture, &[item("A", json!([]))]);
    let delete = |fixture: &Fixture| read(fixture, &json!({"externalId": "A"})).to_delete();
    let link = |fixture: &Fixture, target: Value| read(fixture, &item("B", json!([target])));
    for target in [json!({"ref": "a"}), json!({"externalId": "A"}), json!({"externalId": "a"})] {
        let mut fixture = fixture.clone();
        let items = vec![link(&fixture, target.clone()), delete(&fixture)];
        assert_eq!(verdicts(&fixture.send_items(items)), ["rejected", "deleted"], "{target}");
        let mut fixture = fixture.clone();
        let items = vec![link(&fixture, target.clone())];
        assert_eq!(verdicts(&fixture.send_items(items)), ["rejected"], "{target}");
    }
}

#[test]
fn item_refused_only_by_its_links_takes_others_along() {
    // Once B is refused, C finds no contact, and so D leads nowhere.
    let mut fixture = Fixture::default();
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let mut b = item("B", json!([{"ref": "none"}]));
    b["linkId"] = json!(link_id);
    let c = json!({"linkId": link_id, "externalId": "C"});
    let items = [item("D", json!([{"ref": "c"}])), b, c, item("E", json!([{"ref": "d"}]))];
    let outcomes = send(&mut fixture, &items);
    assert_eq!(verdicts(&outcomes), ["rejected"; 4]);
    assert_eq!(wrong(&outcomes[2]), ["/contactType FIELD_REQUIRED "]);
    assert_eq!(fixture.records.len(), 0);
}

#[test]
fn second_item_of_a_name_is_refused() {
    let mut fixture = Fixture::default();
    let named = |key| read(&Fixture::default(), &item(key, json!([]))).named("same");
    let link = read(&fixture, &item("C", json!([{"ref": "same"}])));
    let outcomes = fixture.send_items(vec![named("A"), named("B"), link]);
    assert_eq!(verdicts(&outcomes), ["created", "rejected", "created"]);
    assert_eq!(wrong(&outcomes[1]), ["/$/ref DUPLICATION_ERROR same"]);
    let c = fixture.records.last().unwrap().id.get();
    assert_eq!(related(&fixture, c), json!([1]));
}

#[test]
fn element_of_another_shape_is_no_link() {
    let mut fixture = Fixture::default();
    for element in [
        json!({}),
        json!({"ref": 1}),
        json!({"ref": "a", "externalId": "A"}),
        json!({"Ref": "a"}),
        json!({"externalId": "a\u{0}"}),
        json!(["a"]),
    ] {
        let outcomes = send(&mut fixture, &[item("A", json!([{"ref": "b"}, element]))]);
        assert_eq!(wrong(&outcomes[0]).len(), 1, "{element}");
        assert!(wrong(&outcomes[0])[0].starts_with("/relatedContactIds/1 CONVERSION_ERROR"));
    }
    // Other wires have no links.
    let outcomes = fixture.send(json!([item("A", json!([{"externalId": "A"}]))]));
    assert!(wrong(&outcomes[0])[0].starts_with("/relatedContactIds/0 CONVERSION_ERROR"));
}

#[test]
fn links_follow_repeats_modes_and_merged_contacts() {
    let mut fixture = Fixture::default();
    send(&mut fixture, &[item("A", json!([])), item("B", json!([]))]);
    let merge = contacts_domain::merging::Merge::new(fixture.context.clone(), 1, 2).unwrap();
    fixture.run(&merge).unwrap();
    fixture.options = Options { on_repeat: OnRepeat::Last, ..Options::default() };
    let items = [
        item("C", json!([{"externalId": "B"}])),
        item("D", json!([])),
        item("D", json!([{"ref": "c"}])),
    ];
    let items: Vec<Item> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let name = if index == 1 { "first".to_owned() } else { format!("{}", index) };
            let text = item.to_string().replace("\"ref\":\"c\"", "\"ref\":\"0\"");
            Item::read_linked(&text, &fixture.context).named(name)
        })
        .collect();
    assert_eq!(verdicts(&fixture.send_items(items)), ["created", "rejected", "created"]);
    let by_key = |key: &str| {
        let own = |record: &&contacts_domain::contact::Record| {
            record.projection.external_id.as_deref() == Some(key)
        };
        fixture.living().find(own).unwrap().id.get()
    };
    let (c, d) = (by_key("C"), by_key("D"));
    assert_eq!((related(&fixture, c), related(&fixture, d)), (json!([1]), json!([c])));

    fixture.options = Options { mode: Mode::Update, ..Options::default() };
    let outcomes = send(&mut fixture, &[item("C", json!([{"ref": "x"}])), item("X", json!([]))]);
    assert_eq!(verdicts(&outcomes), ["rejected"; 2]);
}
