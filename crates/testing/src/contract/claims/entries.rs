//! The directory of intercoms follows its contacts.

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use contacts_domain::upsert::{Atomicity, Mode, Options};
use contacts_domain::value::LinkId;
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};

pub(crate) const CLAIMS: &[Claim] = claims![
    new_entry_is_listed_with_every_field,
    entry_of_a_person_is_updated,
    entry_fields_follow_the_contact,
    contact_with_intercom_block_is_an_entry,
    deleted_contact_is_no_entry,
    contact_deleted_in_its_batch_is_no_entry,
    merge_takes_an_entry_whole_or_not,
    refused_item_leaves_the_directory_alone,
    thousands_of_entries_are_listed,
    each_organization_has_its_own_entries,
    endpoints_are_hidden_unless_shown,
];

pub(crate) const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
pub(crate) const OTHER_LINK_ID: &str = "00000000-0000-4000-8000-000000000001";

/// The smallest block with that name.
pub(crate) fn block(name: &str) -> Value {
    json!({"name": name, "type": "multi", "number": "0001-01-01"})
}

/// The entry that it makes.
pub(crate) fn entry(link_id: Option<&str>, name: &str) -> IntercomEntry {
    IntercomEntry {
        link_id: link_id.map(|text| LinkId::parse(text).expect("a link id")),
        name: name.to_owned(),
        kind: "multi".to_owned(),
        number: "0001-01-01".to_owned(),
        is_favorite: false,
        auto_answer: false,
        in_black_list: false,
        is_p2p: false,
        ringtone: IntercomEntry::DEFAULT_RINGTONE.to_owned(),
        sort_key: IntercomEntry::sort_key(name),
    }
}

async fn new_entry_is_listed_with_every_field(fixture: &StoreFixture) {
    let whole = json!({"linkId": LINK_ID.to_uppercase(), "intercom": {
        "name": "Tür \"Nord\" 🚪", "type": "p2p", "number": "sip:1@a.example",
        "isFavorite": true, "autoAnswer": true, "inBlackList": false, "isP2p": true,
        "ringtone": "bell.wav",
    }});
    let blocked = json!({"intercom": {
        "name": "Door", "type": "multi", "number": "0001-01-01", "inBlackList": true,
    }});

    let created = fixture.send_entries(&[whole, blocked]).await;

    assert_eq!(answers(&created), ["created, version 1", "created, version 1"]);
    let whole = IntercomEntry {
        link_id: Some(LinkId::parse(LINK_ID).expect("a link id")),
        name: "Tür \"Nord\" 🚪".to_owned(),
        kind: "p2p".to_owned(),
        number: "sip:1@a.example".to_owned(),
        is_favorite: true,
        auto_answer: true,
        in_black_list: false,
        is_p2p: true,
        ringtone: "bell.wav".to_owned(),
        sort_key: IntercomEntry::sort_key("Tür \"Nord\" 🚪"),
    };
    let blocked = IntercomEntry { in_black_list: true, ..entry(None, "Door") };
    let expected = [(id_of(&created[0]), whole), (id_of(&created[1]), blocked)];
    assert_eq!(fixture.entries().await, expected);
    fixture.holds(&created).await;
}

async fn entry_of_a_person_is_updated(fixture: &StoreFixture) {
    let known = fixture
        .create(person(json!({"linkId": LINK_ID, "firstName": "Ada", "intercom": block("Ada")})))
        .await;
    let unknown = fixture.create(person(json!({"linkId": OTHER_LINK_ID}))).await;
    let sent = [
        json!({"linkId": LINK_ID.to_uppercase(), "intercom": block("Door")}),
        json!({"linkId": OTHER_LINK_ID, "intercom": block("Gate")}),
    ];

    let updated = fixture.send_entries(&sent).await;
    let again = fixture.send_entries(&sent).await;

    assert_eq!(answers(&updated), ["updated by linkId, version 2"; 2]);
    assert_eq!(answers(&again), ["unchanged by linkId, version 2"; 2]);
    let expected = [
        (id_of(&known), entry(Some(LINK_ID), "Door")),
        (id_of(&unknown), entry(Some(OTHER_LINK_ID), "Gate")),
    ];
    assert_eq!(fixture.entries().await, expected);
    fixture.holds(&updated).await;
    let document: Value = serde_json::from_str(&record_of(&updated[0]).document).expect("JSON");
    let kept = (&document["firstName"], &document["linkId"], &document["contactType"]);
    assert_eq!(kept, (&json!("Ada"), &json!(LINK_ID), &json!("PERSON")));
}

async fn entry_fields_follow_the_contact(fixture: &StoreFixture) {
    let created =
        fixture.create(person(json!({"linkId": LINK_ID, "intercom": block("Door")}))).await;
    let id = id_of(&created);
    let mut expected = entry(Some(LINK_ID), "Door");
    type Change = fn(&mut IntercomEntry);
    let steps: [(Value, Change); 9] = [
        (json!({"intercom": {"name": "Gate"}}), |entry| {
            entry.name = "Gate".to_owned();
            entry.sort_key = IntercomEntry::sort_key("Gate");
        }),
        (json!({"intercom": {"number": "sip:1@a.example"}}), |entry| {
            entry.number = "sip:1@a.example".to_owned();
        }),
        (json!({"intercom": {"type": "p2p"}}), |entry| entry.kind = "p2p".to_owned()),
        (json!({"intercom": {"isFavorite": true}}), |entry| entry.is_favorite = true),
        (json!({"intercom": {"autoAnswer": true}}), |entry| entry.auto_answer = true),
        (json!({"intercom": {"autoAnswer": null, "inBlackList": true}}), |entry| {
            entry.auto_answer = false;
            entry.in_black_list = true;
        }),
        (json!({"intercom": {"isP2p": true}}), |entry| entry.is_p2p = true),
        (json!({"intercom": {"ringtone": "bell.wav"}}), |entry| {
            entry.ringtone = "bell.wav".to_owned();
        }),
        (json!({"linkId": null}), |entry| entry.link_id = None),
    ];
    for (mut item, change) in steps {
        change(&mut expected);
        item["id"] = json!(id.get());
        let outcomes = fixture.send(&[item]).await;
        assert!(answers(&outcomes)[0].starts_with("updated by id"), "{outcomes:?}");
        assert_eq!(fixture.entries().await, [(id, expected.clone())]);
    }
}

async fn contact_with_intercom_block_is_an_entry(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    assert_eq!(fixture.entries().await, []);

    let with = json!({"externalId": "A", "intercom": block("Door")});
    let without = json!({"externalId": "A", "intercom": null});
    let listed = [(id_of(&created), entry(None, "Door"))];
    fixture.send(std::slice::from_ref(&with)).await;
    assert_eq!(fixture.entries().await, listed);
    fixture.send(&[json!({"externalId": "A", "title": "Dr"})]).await;
    assert_eq!(fixture.entries().await, listed, "other members are no matter");
    fixture.send(std::slice::from_ref(&without)).await;
    assert_eq!(fixture.entries().await, []);

    // Within one batch, the last state counts.
    fixture.send(&[with.clone(), without.clone()]).await;
    assert_eq!(fixture.entries().await, []);
    fixture.send(&[with.clone(), without, with]).await;
    assert_eq!(fixture.entries().await, listed);
}

async fn deleted_contact_is_no_entry(fixture: &StoreFixture) {
    let created = fixture
        .send(&[
            person(json!({"externalId": "A", "intercom": block("Ada")})),
            person(json!({"externalId": "B", "intercom": block("Berta")})),
        ])
        .await;

    fixture.delete(id_of(&created[0])).await;

    assert_eq!(fixture.entries().await, [(id_of(&created[1]), entry(None, "Berta"))]);
}

async fn contact_deleted_in_its_batch_is_no_entry(fixture: &StoreFixture) {
    let item = json!({"linkId": LINK_ID, "intercom": block("Door")});
    let key = json!({"linkId": LINK_ID});

    let outcomes = fixture.send_entries_and_unlink(&[item], &[key]).await;

    assert_eq!(
        answers(&outcomes),
        ["created, version 1", "deleted by linkId, as item 0, version 2"]
    );
    assert_eq!(fixture.entries().await, []);
}

async fn merge_takes_an_entry_whole_or_not(fixture: &StoreFixture) {
    let flagged = |name: &str, flag: &str| {
        let mut block = block(name);
        block[flag] = json!(true);
        block
    };
    for (target, source, expected) in [
        (
            Value::Null,
            flagged("B", "inBlackList"),
            IntercomEntry { in_black_list: true, ..entry(Some(LINK_ID), "B") },
        ),
        (
            flagged("A", "autoAnswer"),
            flagged("B", "inBlackList"),
            IntercomEntry { auto_answer: true, ..entry(Some(LINK_ID), "A") },
        ),
    ] {
        let target = fixture.create(person(json!({"linkId": LINK_ID, "intercom": target}))).await;
        let source =
            fixture.create(person(json!({"linkId": OTHER_LINK_ID, "intercom": source}))).await;

        assert_eq!(fixture.merge(id_of(&target), id_of(&source)).await, Ok(()));

        assert_eq!(fixture.entries().await, [(id_of(&target), expected)]);
        // The link ids are free for the next round.
        fixture.delete_and_send(id_of(&target), &[]).await;
    }
}

async fn refused_item_leaves_the_directory_alone(fixture: &StoreFixture) {
    let before =
        fixture.create(person(json!({"externalId": "A", "intercom": block("Door")}))).await;
    let listed = [(id_of(&before), entry(None, "Door"))];
    let items = [
        json!({"externalId": "A", "intercom": {"name": "Gate"}, "email": "?"}),
        person(json!({"externalId": "B", "intercom": {"name": "Gate"}})),
    ];
    let atomic = Options { atomicity: Atomicity::Batch, ..Options::default() };

    fixture.send(&items).await;
    assert_eq!(fixture.entries().await, listed);

    let good = json!({"externalId": "A", "intercom": {"name": "Gate"}});
    fixture.send_with(atomic, &[good, items[1].clone()]).await;
    assert_eq!(fixture.entries().await, listed);
}

async fn thousands_of_entries_are_listed(fixture: &StoreFixture) {
    const COUNT: usize = 2_500;
    let items: Vec<_> = (0..COUNT)
        .map(|number| {
            let link_id = format!("00000000-0000-4000-8000-{number:012}");
            json!({"linkId": link_id, "intercom": block(&format!("Door {number}"))})
        })
        .collect();

    let created = fixture.send_entries(&items).await;
    let changed: Vec<_> = (0..COUNT)
        .map(|number| {
            let link_id = format!("00000000-0000-4000-8000-{number:012}");
            let name = if number % 2 == 0 { "Gate" } else { "Door" };
            json!({"linkId": link_id, "intercom": block(&format!("{name} {number}"))})
        })
        .collect();
    fixture.send_entries(&changed).await;

    let listed = fixture.entries().await;
    let listed: Vec<_> = listed.into_iter().map(|(id, entry)| (id, entry.name)).collect();
    let mut expected: Vec<(ContactId, String)> = created
        .iter()
        .zip(&changed)
        .map(|(outcome, item)| {
            let name = item["intercom"]["name"].as_str().expect("a name");
            (id_of(outcome), name.to_owned())
        })
        .collect();
    expected.sort();
    assert_eq!(listed, expected);
}

async fn each_organization_has_its_own_entries(fixture: &StoreFixture) {
    let item = [person(json!({"linkId": LINK_ID, "intercom": block("Door")}))];
    let here = fixture.send(&item).await;
    let elsewhere = fixture.send_elsewhere(&item).await;

    assert_eq!(fixture.entries().await, [(id_of(&here[0]), entry(Some(LINK_ID), "Door"))]);
    let expected = [(id_of(&elsewhere[0]), entry(Some(LINK_ID), "Door"))];
    assert_eq!(fixture.entries_elsewhere().await, expected);

    fixture.unlink(&[json!({"linkId": LINK_ID})]).await;
    assert_eq!(fixture.entries().await, []);
    assert_eq!(fixture.entries_elsewhere().await, expected);
}

async fn endpoints_are_hidden_unless_shown(fixture: &StoreFixture) {
    let panel =
        fixture.send_entries(&[json!({"linkId": LINK_ID, "intercom": block("Door")})]).await;
    let update = Options { mode: Mode::Update, ..Options::default() };

    let outcomes = fixture
        .send(&[
            json!({"id": id_of(&panel[0]).get(), "title": "Dr"}),
            person(json!({"linkId": LINK_ID})),
            json!({"contactType": "ENDPOINT", "intercom": block("Gate")}),
        ])
        .await;
    let by_link_id = fixture.send_with(update, &[json!({"linkId": LINK_ID})]).await;

    assert_eq!(
        answers(&outcomes),
        [
            "rejected, CONTACT_NOT_FOUND id",
            "rejected, 1 candidates, UNIQUE_VIOLATION linkId",
            "rejected, INVALID_TYPE contactType",
        ]
    );
    assert_eq!(answers(&by_link_id), ["rejected, CONTACT_NOT_FOUND "]);
    fixture.holds(&panel).await;
}
