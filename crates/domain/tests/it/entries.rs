//! Contacts as entries of an intercom's directory (device-directory §2).

use contacts_domain::contact::rules::MAX_DOCUMENT_BYTES;
use contacts_domain::contact::{ContactType, IntercomEntry};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::path::Path;
use contacts_domain::upsert::{Context, Endpoints, Handling, Item};
use contacts_domain::value::LinkId;
use contacts_domain::{Rule, Violation};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

pub(crate) const LINK_ID: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";
pub(crate) const OTHER_LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// A fixture whose context is that of the device API.
pub(crate) fn fixture() -> Fixture {
    let mut fixture = Fixture::default();
    fixture.context.endpoints = Endpoints::Shown;
    fixture
}

/// A complete block with that name.
pub(crate) fn block(name: &str) -> Value {
    json!({
        "name": name, "type": "multi", "number": "0001-01-01", "isFavorite": false,
        "autoAnswer": false, "inBlackList": false, "isP2p": false, "ringtone": "ring1.wav",
    })
}

/// What a device sends.
pub(crate) fn sent(link_id: &str, name: &str) -> Value {
    json!({"linkId": link_id, "intercom": block(name)})
}

/// A person of the ERP with a link id and many members that no device knows.
fn person(members: Value) -> Value {
    let mut person = json!({
        "contactType": "PERSON", "externalId": "A", "linkId": LINK_ID, "lastName": "Rochat",
        "email": "a@b.example", "isCustomer": true, "client": {"paymentTerms": "30"},
        "addresses": [{"name": "home", "city": "Bern"}], "tags": [{"name": "Team"}],
        "customFields": {"a": 1},
    });
    person.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    person
}

fn merge(fixture: &mut Fixture, target: i64, source: i64) -> MergeReport {
    let merge = Merge::new(fixture.context.clone(), target, source).unwrap();
    fixture.run(&merge)
}

#[test]
fn new_entry_creates_an_endpoint() {
    let mut fixture = fixture();
    let outcomes = fixture.send_items(vec![fixture.entry(sent(LINK_ID, "Door"))]);
    assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["created"], vec![]));
    assert_eq!(fixture.records[0].projection.contact_type, ContactType::Endpoint);
    let expected = json!({
        "id": 1, "contactId": 1, "organizationId": 1, "contactType": "ENDPOINT",
        "linkId": LINK_ID, "intercom": block("Door"),
    });
    assert_eq!(fixture.document(1), expected);
}

#[test]
fn entry_update_keeps_the_rest_of_a_person() {
    for known in [json!({"intercom": block("Rochat")}), json!({})] {
        let mut fixture = fixture();
        fixture.send(json!([person(known)]));
        let mut expected = fixture.document(1);
        expected["intercom"] = block("Door");

        let outcomes = fixture.send_items(vec![fixture.entry(sent(LINK_ID, "Door"))]);

        assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["updated"], vec![]));
        assert_eq!(fixture.document(1), expected);
        assert_eq!((fixture.records.len(), fixture.records[0].version.get()), (1, 2));
        assert_eq!(fixture.entries[&1].name, "Door");
    }
}

#[test]
fn resent_entry_is_unchanged_and_writes_nothing() {
    let mut fixture = fixture();
    fixture.send(json!([person(json!({}))]));
    let batch =
        vec![fixture.entry(sent(LINK_ID, "Rochat")), fixture.entry(sent(OTHER_LINK_ID, "Door"))];
    assert_eq!(verdicts(&fixture.send_items(batch.clone())), ["updated", "created"]);
    let before = fixture.records.clone();
    assert_eq!(verdicts(&fixture.send_items(batch)), ["unchanged", "unchanged"]);
    assert_eq!(fixture.records, before);
}

#[test]
fn entry_without_link_id_is_always_new() {
    let mut fixture = fixture();
    let item = fixture.entry(json!({"intercom": block("Door")}));
    assert_eq!(verdicts(&fixture.send_items(vec![item.clone(), item])), ["created", "created"]);
    assert_eq!(fixture.entries.len(), 2);
}

#[test]
fn link_id_keeps_its_stored_case() {
    let mut fixture = fixture();
    fixture.send(json!([person(json!({"intercom": block("Rochat")}))]));
    let shouted = LINK_ID.to_uppercase();

    let outcomes = fixture.send_items(vec![
        fixture.entry(sent(&shouted, "Rochat")),
        fixture.entry(sent(&shouted, "Door")),
    ]);
    assert_eq!(verdicts(&outcomes), ["unchanged", "updated"]);
    assert_eq!(fixture.document(1)["linkId"], LINK_ID);

    let document = serde_json::from_value(sent(&shouted, "Door")).unwrap();
    let outcomes = fixture.send_items(vec![Item::of(document, &fixture.context)]);
    assert_eq!(verdicts(&outcomes), ["updated"]);
    assert_eq!(fixture.document(1)["linkId"], shouted);
}

#[test]
fn merged_link_id_names_the_target() {
    let mut fixture = fixture();
    fixture.send(json!([
        person(json!({})),
        person(json!({"externalId": "B", "linkId": OTHER_LINK_ID}))
    ]));
    let (target, source) = (fixture.records[0].id.get(), fixture.records[1].id.get());
    merge(&mut fixture, target, source).unwrap();

    let outcomes = fixture.send_items(vec![fixture.entry(sent(OTHER_LINK_ID, "Door"))]);

    assert_eq!(verdicts(&outcomes), ["updated"]);
    let link_id = LinkId::parse(LINK_ID).unwrap();
    assert_eq!(fixture.entries[&target].link_id, Some(link_id));
}

// Updates of entries only

#[test]
fn entry_update_refuses_other_contacts() {
    let mut fixture = fixture();
    fixture.send(json!([
        person(json!({})),
        {"contactType": "ENDPOINT", "linkId": OTHER_LINK_ID, "intercom": block("Door")},
    ]));
    let panel = fixture.records[1].id.get();
    let before = fixture.records[0].clone();
    let update = |mut members: Value, key: &str, value: Value| {
        members[key] = value;
        fixture.entry(members).to_update_entry()
    };
    let anonymous = json!({"intercom": block("Back door")});
    let items = vec![
        update(anonymous.clone(), "id", json!(panel)),
        update(anonymous.clone(), "id", json!(1)),
        update(anonymous.clone(), "contactId", json!(1)),
        update(anonymous.clone(), "linkId", json!(LINK_ID)),
        update(anonymous.clone(), "id", json!(99)),
        fixture.entry(anonymous).to_update_entry(),
    ];

    let outcomes = fixture.send_items(items);

    let all: Vec<_> = outcomes.iter().map(|outcome| faults(outcome).join(", ")).collect();
    assert_eq!(
        all,
        [
            "",
            "id CONTACT_NOT_FOUND",
            "id CONTACT_NOT_FOUND",
            " CONTACT_NOT_FOUND",
            "id CONTACT_NOT_FOUND",
            " CONTACT_NOT_FOUND",
        ]
    );
    assert_eq!(
        (outcomes[0].verdict.as_str(), &*fixture.entries[&panel].name),
        ("updated", "Back door")
    );
    assert_eq!(fixture.records[0], before);
}

// Violations

#[test]
fn violations_of_the_api_refuse_the_item() {
    let mut fixture = fixture();
    fixture.send(json!([person(json!({}))]));
    let fault = || {
        let path = Path::of("intercom.isFavorite");
        [Violation::new(Rule::JsonTypes, path, "\"yes\"", "must be true or false")]
    };
    let bad = |link_id: &str| {
        let mut members = sent(link_id, &"x".repeat(31));
        members["intercom"]["number"] = json!("1");
        members
    };
    let unreadable = Item::read(r#"{"email": 1}"#, &fixture.context);
    let outcomes = fixture.send_items(vec![
        fixture.entry(bad(OTHER_LINK_ID)).with_faults(fault()),
        fixture.entry(bad(LINK_ID)).with_faults(fault()),
        fixture.entry(sent(LINK_ID, "Door")).with_faults(fault()),
        fixture.entry(json!({"linkId": LINK_ID})).with_faults(fault()),
        unreadable.with_faults(fault()),
    ]);

    assert_eq!(verdicts(&outcomes), ["rejected"; 5]);
    let all: Vec<_> = outcomes.iter().map(|outcome| faults(outcome).join(", ")).collect();
    let every = "intercom.isFavorite CONVERSION_ERROR, intercom.name VALIDATION_ERROR, \
                 intercom.number VALIDATION_ERROR";
    let alone = "intercom.isFavorite CONVERSION_ERROR";
    assert_eq!(
        all,
        [
            every,
            every,
            alone,
            alone,
            "email CONVERSION_ERROR, intercom.isFavorite CONVERSION_ERROR"
        ]
    );
    assert_eq!(fixture.records.len(), 1);
    assert_eq!(fixture.entries.len(), 0);
}

#[test]
fn warning_of_the_api_refuses_nothing() {
    let mut fixture = fixture();
    let warning = Violation::new(Rule::UnknownMember, Path::of("colour"), "red", "no such member");
    let outcomes =
        fixture.send_items(vec![fixture.entry(sent(LINK_ID, "Door")).with_faults([warning])]);
    assert_eq!(verdicts(&outcomes), ["created"]);
    assert_eq!(faults(&outcomes[0]), ["colour VALIDATION_ERROR"]);
}

#[test]
fn old_violations_refuse_no_entry() {
    // As if each rule were newer than the contact.
    let long = "x".repeat(10_001);
    let huge = "x".repeat(9_000);
    let many: Vec<Value> = (0..1_001).map(Value::from).collect();
    for (fault, members) in [
        ("e-mail", json!({"email": "a@b"})),
        ("date", json!({"birthday": "yesterday"})),
        ("birth", json!({"birthday": "2999-01-01"})),
        ("closed list", json!({"defaultLanguage": "XX"})),
        ("text", json!({"title": long})),
        ("array", json!({"relatedContactIds": many})),
        ("relation to nobody", json!({"relatedContactIds": [77]})),
        ("reference", json!({"isCustomer": true, "client": {"invoiceAddressId": 77}})),
        ("amount", json!({"client": {"creditLimit": "much"}})),
        ("warnings", json!({"phone": "x", "firstName": null, "lastName": null})),
        ("unknown type of staff", json!({"staff": {"familyMembers": [{"birthDate": "x"}]}})),
        ("size", json!({"warnings": huge.repeat(40)})),
    ] {
        for handling in [Handling::Standard, Handling::Strict] {
            let mut fixture = fixture();
            fixture.context.handling = handling;
            fixture.context.may_write_staff = false;
            let item = json!({"contactType": "PERSON", "linkId": LINK_ID, "lastName": "x"});
            fixture.send(json!([item]));
            let faulty = |mut document: Value| {
                let members = members.as_object().unwrap().clone();
                document.as_object_mut().unwrap().extend(members);
                document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                document
            };
            fixture.records[0].document = faulty(fixture.document(1)).to_string();
            let mut strict = Fixture::default();
            strict.context = Context { handling: Handling::Strict, ..fixture.context.clone() };
            assert_eq!(verdicts(&strict.send(json!([faulty(item)]))), ["rejected"], "{fault}");

            let outcomes = fixture.send_items(vec![
                fixture.entry(sent(LINK_ID, "Door")),
                fixture.entry(sent(LINK_ID, "Door")),
                fixture.entry(json!({"linkId": LINK_ID})).to_unlink(),
            ]);

            let (got, expected) = (verdicts(&outcomes), ["updated", "unchanged", "updated"]);
            assert_eq!(got, expected, "{fault}, {handling:?}: {:?}", faults(&outcomes[0]));
        }
    }
}

#[test]
fn device_members_do_not_count_as_size() {
    let filled = |bytes: usize| {
        let mut members = json!({"contactType": "PERSON", "lastName": "x", "externalId": "A"});
        let text = |length: usize| Value::from("x".repeat(length));
        let fields = (0..100).map(|number| (format!("field {number:02}"), text(2_600)));
        members["customFields"] = fields.collect::<serde_json::Map<_, _>>().into();
        let known = json!({"id": 1, "contactId": 1, "organizationId": 1});
        let mut whole = members.clone();
        whole.as_object_mut().unwrap().extend(known.as_object().unwrap().clone());
        let missing = bytes - whole.to_string().len();
        members["customFields"]["field 00"] = text(2_600 + missing);
        members
    };
    let mut fixture = fixture();
    let outcomes = fixture.send(json!([filled(MAX_DOCUMENT_BYTES)]));
    assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["created"], vec![]));
    assert_eq!(fixture.records[0].document.len(), MAX_DOCUMENT_BYTES);

    let mut entry = sent(LINK_ID, "Door");
    entry["id"] = json!(1);
    let outcomes = fixture.send_items(vec![fixture.entry(entry)]);
    assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["updated"], vec![]));
    assert!(fixture.records[0].document.len() > MAX_DOCUMENT_BYTES);

    let outcomes = fixture.send(json!([
        {"id": 1, "title": "x"},
        {"externalId": "B", "contactType": "PERSON", "lastName": "x",
            "customFields": filled(MAX_DOCUMENT_BYTES + 100)["customFields"]},
        {"id": 1, "customFields": {"field 00": null}},
    ]));
    assert_eq!(verdicts(&outcomes), ["rejected", "rejected", "updated"]);
    assert_eq!(faults(&outcomes[0]), [" VALIDATION_ERROR"]);
    assert_eq!(faults(&outcomes[1]), [" VALIDATION_ERROR"]);
}

// The entry

#[test]
fn entry_has_defaults_for_absent_members() {
    let least = json!({"intercom": {"name": "Door", "type": "p2p", "number": "sip:1@a.example"}});
    let entry =
        |document: &Value| IntercomEntry::of(&serde_json::from_value(document.clone()).unwrap());
    let expected = IntercomEntry {
        link_id: None,
        name: "Door".to_owned(),
        kind: "p2p".to_owned(),
        number: "sip:1@a.example".to_owned(),
        is_favorite: false,
        auto_answer: false,
        in_black_list: false,
        is_p2p: false,
        ringtone: "ring1.wav".to_owned(),
        sort_key: IntercomEntry::sort_key("Door"),
    };
    assert_eq!(entry(&least), Some(expected));

    let whole = json!({"linkId": LINK_ID.to_uppercase(), "intercom": {
        "name": "Türe", "type": "multi", "number": "0001-01-01", "isFavorite": true,
        "autoAnswer": true, "inBlackList": true, "isP2p": true, "ringtone": "bell.wav",
    }});
    let expected = IntercomEntry {
        link_id: Some(LinkId::parse(LINK_ID).unwrap()),
        name: "Türe".to_owned(),
        kind: "multi".to_owned(),
        number: "0001-01-01".to_owned(),
        is_favorite: true,
        auto_answer: true,
        in_black_list: true,
        is_p2p: true,
        ringtone: "bell.wav".to_owned(),
        sort_key: IntercomEntry::sort_key("Türe"),
    };
    assert_eq!(entry(&whole), Some(expected));
    assert_eq!(entry(&json!({"linkId": LINK_ID, "lastName": "Rochat"})), None);
}

#[test]
fn entry_disappears_with_its_contact_or_block() {
    let mut fixture = fixture();
    let items = ["A", "B", "C"].map(|key| {
        json!({"contactType": "PERSON", "externalId": key, "lastName": key, "intercom": block(key)})
    });
    fixture.send(json!(items));
    assert_eq!(fixture.entries.len(), 3);

    let deleted = Item::read(r#"{"externalId": "A"}"#, &fixture.context).to_delete();
    let cleared = Item::read(r#"{"externalId": "B", "intercom": null}"#, &fixture.context);
    assert_eq!(verdicts(&fixture.send_items(vec![deleted, cleared])), ["deleted", "updated"]);

    let names: Vec<_> = fixture.entries.values().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["C"]);
}

#[test]
fn merge_takes_an_entry_whole_or_not() {
    let item = |key: &str, intercom: Value| json!({"contactType": "PERSON", "externalId": key, "lastName": key, "intercom": intercom});
    let entry = |name: &str, flag: &str| json!({"name": name, "type": "multi", "number": "0001-01-01", flag: true});
    for (target, source, name, answers, listed) in [
        (Value::Null, entry("B", "inBlackList"), "B", false, true),
        (entry("A", "autoAnswer"), Value::Null, "A", true, false),
        (entry("A", "autoAnswer"), entry("B", "inBlackList"), "A", true, false),
    ] {
        let mut fixture = fixture();
        fixture.send(json!([item("A", target), item("B", source)]));
        assert_eq!(merge(&mut fixture, 1, 2).map(drop), Ok(()));
        let entries: Vec<_> = fixture
            .entries
            .iter()
            .map(|(id, entry)| (*id, &*entry.name, entry.auto_answer, entry.in_black_list))
            .collect();
        assert_eq!(entries, [(1, name, answers, listed)]);
    }
}
