//! Mode `fill`, the stored spelling, and the explanation of an item.

use contacts_domain::ContactId;
use contacts_domain::upsert::{Arrays, Handling, Mode, Options, Outcome, Respelling};
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

fn with(options: Options) -> Fixture {
    let mut fixture = Fixture::default();
    fixture.options = options;
    fixture
}

fn person(members: Value) -> Value {
    let mut item = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    item
}

/// Stores one item by default, sends another with the options, twice, and returns the first verdict
/// and those members of the contact that differ afterwards.
fn after(options: &Options, stored: &Value, sent: &Value) -> (&'static str, Value) {
    let mut fixture = Fixture::default();
    assert_eq!(verdicts(&fixture.send(json!([person(stored.clone())]))), ["created"]);
    let before = fixture.document(1);
    fixture.options = options.clone();
    let sent = json!([person(sent.clone())]);
    let verdict = verdicts(&fixture.send(sent.clone()))[0];
    let after = fixture.document(1);
    assert_eq!(verdicts(&fixture.send(sent.clone())), ["unchanged"], "{sent}");
    assert_eq!(fixture.document(1), after, "{sent}");
    let members = after.as_object().unwrap().clone().into_iter();
    let differing: serde_json::Map<_, _> =
        members.filter(|(name, value)| before[name] != *value).collect();
    let gone = before.as_object().unwrap().keys().filter(|name| after.get(name).is_none());
    let gone = gone.map(|name| (name.clone(), Value::Null));
    (verdict, differing.into_iter().chain(gone).collect())
}

#[test]
fn fill_writes_only_what_the_contact_lacks() {
    let fill = Options { mode: Mode::Fill, ..Options::default() };
    let append = Options { arrays: Arrays::Append, ..fill.clone() };
    let home = json!({"id": 2, "name": "Home", "city": "Bern"});
    let stored_home = json!({"addresses": [{"name": "Home", "city": "Bern"}]});
    for (options, stored, sent, verdict, differing) in [
        (&fill, json!({}), json!({"title": "Dr"}), "updated", json!({"title": "Dr"})),
        (&fill, json!({"title": "Dr"}), json!({"title": "Prof"}), "unchanged", json!({})),
        (&fill, json!({"title": "Dr"}), json!({"title": null}), "unchanged", json!({})),
        (&fill, json!({"archived": false}), json!({"archived": true}), "unchanged", json!({})),
        // What is not taken is not checked.
        (&fill, json!({"email": "a@b.example"}), json!({"email": "?"}), "unchanged", json!({})),
        (
            &fill,
            json!({"client": {"paymentTerms": "30"}, "isCustomer": true}),
            json!({"client": {"paymentTerms": "10", "creditLimit": "5"}}),
            "updated",
            json!({"client": {"id": 2, "contactId": 1, "creditLimit": "5", "paymentTerms": "30"}}),
        ),
        (
            &fill,
            json!({"customFields": {"a": 1}}),
            json!({"customFields": {"a": 2, "b": 3, "c": null}}),
            "updated",
            json!({"customFields": {"a": 1, "b": 3}}),
        ),
        (
            &fill,
            stored_home.clone(),
            json!({"addresses": [{"name": "Work"}]}),
            "unchanged",
            json!({}),
        ),
        (&fill, stored_home.clone(), json!({"addresses": []}), "unchanged", json!({})),
        (
            &fill,
            json!({"addresses": []}),
            json!({"addresses": [{"name": "Home", "city": "Bern"}]}),
            "updated",
            json!({"addresses": [home]}),
        ),
        (
            &append,
            stored_home,
            json!({"addresses": [{"name": "Work"}, {"name": "Home", "city": "Chur", "postCode": "7000"}]}),
            "updated",
            json!({"addresses": [
                {"id": 2, "name": "Home", "city": "Bern", "postCode": "7000"},
                {"id": 3, "name": "Work"}
            ]}),
        ),
        (
            &append,
            json!({"tags": [{"name": "a"}]}),
            json!({"tags": [{"name": "b"}, {"name": "a"}]}),
            "updated",
            json!({"tags": [
                {"id": 6_103_583_209_430_213_i64, "name": "a"},
                {"id": 6_103_583_209_430_213_i64, "name": "b"}
            ]}),
        ),
    ] {
        let (found, mut changed) = after(options, &stored, &sent);
        if let Some(tags) = changed.get_mut("tags").and_then(Value::as_array_mut) {
            tags.iter_mut().for_each(|tag| tag["id"] = json!(6_103_583_209_430_213_i64));
        }
        assert_eq!((found, changed), (verdict, differing), "{sent}");
    }
}

#[test]
fn fill_creates_and_keeps_the_key_of_the_contact() {
    let mut fixture = with(Options { mode: Mode::Fill, ..Options::default() });
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let first = person(json!({"linkId": link_id}));
    let other = person(json!({"linkId": link_id, "externalId": "B", "firstName": "Ada"}));
    let outcomes = fixture.send(json!([first, other, other]));
    assert_eq!(verdicts(&outcomes), ["created", "updated", "unchanged"]);
    assert_eq!(outcomes[1].violations.len(), 0);
    assert_eq!(fixture.document(1)["externalId"], "A");
    assert_eq!(fixture.document(1)["firstName"], "Ada");
}

/// Two spellings of one value, each with the members around it.
fn spellings() -> Vec<(Value, Value)> {
    let bank = |member: &str, text: &str| json!({"banks": [{"name": "x", member: text}]});
    let both = |at: fn(Value) -> Value, one: Value, other: Value| (at(one), at(other));
    vec![
        both(|text| json!({"phone": text}), json!("079 123 45 67"), json!("+41 79 123 45 67")),
        both(|text| json!({"fax": text}), json!("022 700 59 29"), json!("0041227005929")),
        both(|text| json!({"email": text}), json!("a@b.example"), json!("A@B.example")),
        both(|text| json!({"birthday": text}), json!("1993-01-02"), json!("19930102")),
        both(|text| json!({"birthday": text}), json!("1993-01-02T00:00:00"), json!("1993-01-02")),
        both(
            |text| json!({"client": {"vatNumber": text}, "isCustomer": true}),
            json!("CHE-109.322.551 MWST"),
            json!("CHE109322551"),
        ),
        both(
            |text| json!({"client": {"creditLimit": text}, "isCustomer": true}),
            json!("5000.00"),
            json!(5000),
        ),
        both(
            |text| json!({"staff": {"avsNumber": text}, "isStaff": true}),
            json!("756.9217.0769.85"),
            json!("7569217076985"),
        ),
        (
            bank("accountNumber", "CH93 0076 2011 6238 5295 7"),
            bank("accountNumber", "CH9300762011623852957"),
        ),
        (bank("swiftBic", "POFICHBEXXX"), bank("swiftBic", "poficHBExxx")),
        (json!({"tags": [{"name": "Wein"}]}), json!({"tags": [{"name": "wein"}]})),
        (
            json!({"linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}),
            json!({"linkId": "6F9619FF-8B86-D011-B42D-00CF4FC964FF"}),
        ),
    ]
}

#[test]
fn stored_spelling_stays_where_asked_for() {
    let keep = Options { respelling: Some(Respelling::Keep), ..Options::default() };
    for (stored, sent) in spellings() {
        assert_eq!(after(&keep, &stored, &sent), ("unchanged", json!({})), "{sent}");
        assert_eq!(after(&keep, &sent, &stored), ("unchanged", json!({})), "{sent}");
        assert_eq!(after(&Options::default(), &stored, &sent).0, "updated", "{sent}");
        let mut other = sent.clone();
        other["title"] = json!("Dr");
        assert_eq!(after(&keep, &stored, &other), ("updated", json!({"title": "Dr"})), "{sent}");
    }
}

#[test]
fn organization_says_which_spelling_is_stored() {
    let [stored, sent] = ["079 123 45 67", "+41 79 123 45 67"].map(|text| json!({"phone": text}));
    for (asked_for, expected) in [
        (None, "unchanged"),
        (Some(Respelling::Keep), "unchanged"),
        (Some(Respelling::Take), "updated"),
    ] {
        let mut fixture = with(Options { respelling: asked_for, ..Options::default() });
        fixture.context.settings.respelling = Respelling::Keep;
        let item = |members: &Value| {
            let mut item = json!({"contactType": "PERSON", "externalId": "A", "lastName": "R"});
            item["phone"] = members["phone"].clone();
            item
        };
        fixture.send(json!([item(&stored)]));
        let outcomes = fixture.send(json!([item(&sent)]));
        assert_eq!(outcomes[0].verdict.as_str(), expected, "{asked_for:?}");
        let kept = if expected == "unchanged" { &stored } else { &sent };
        assert_eq!(fixture.document(1)["phone"], kept["phone"]);
    }
}

#[test]
fn other_value_is_no_spelling() {
    let keep = Options { respelling: Some(Respelling::Keep), ..Options::default() };
    let france = json!([{"name": "x", "countryCode2": "FR"}]);
    for (stored, sent) in [
        // Another number, once the contact has moved.
        (
            json!({"phone": "06 12 34 56 78"}),
            json!({"phone": "+41 61 234 56 78", "addresses": france}),
        ),
        (json!({"phone": "12"}), json!({"phone": "1 2"})),
        (json!({"birthday": "1993-01-02T08:00:00Z"}), json!({"birthday": "1993-01-02T09:00:00Z"})),
        (json!({"birthday": "1993-01-02T08:00:00Z"}), json!({"birthday": "1993-01-02"})),
        (json!({"firstName": "Zoé"}), json!({"firstName": "ZOE"})),
        (
            json!({"banks": [{"name": "x", "accountNumber": "80-2-2"}]}),
            json!({"banks": [{"name": "x", "accountNumber": "802-2"}]}),
        ),
    ] {
        let (verdict, differing) = after(&keep, &stored, &sent);
        let member = sent.as_object().unwrap().keys().next_back().unwrap();
        assert_eq!(verdict, "updated", "{sent}");
        assert!(differing.get(member).is_some(), "{sent}: {differing}");
    }
}

/// The explanation as lines.
fn explained(outcome: &Outcome) -> String {
    let explanation = outcome.explanation.as_deref().unwrap();
    let rungs = explanation.rungs.iter().map(|rung| {
        let hits: Vec<_> = rung.hits.iter().map(|id| id.map(ContactId::get)).collect();
        format!("{} {:?} {hits:?}", rung.key.as_str(), rung.sought)
    });
    let fields = explanation.fields.iter().map(|field| {
        let change = if field.changes { "*" } else { " " };
        format!("{change} {} {}", field.path.pointer(), field.reason.as_str())
    });
    rungs.chain(fields).collect::<Vec<_>>().join("\n")
}

#[test]
fn explanation_names_each_rung_and_field() {
    let mut fixture = with(Options { explain: true, ..Options::default() });
    let first = json!({
        "contactType": "PERSON", "externalId": " A ", "lastName": "Rochat", "phone": "079 123 45 67",
        "title": null, "addresses": [{"name": "Home"}], "client": {"paymentTerms": "30"},
    });
    let outcomes = fixture.send(json!([first]));
    assert_eq!(
        explained(&outcomes[0]),
        "id [] []\nlinkId [] []\nexternalId [\"A\"] []\n* /id mirrored\n* /contactId mirrored\n\
         * /contactType sent\n* /organizationId mirrored\n* /externalId sent\n* /lastName sent\n  \
         /title sent\n* /phone sent\n* /addresses sent\n* /client sent"
    );

    fixture.options.respelling = Some(Respelling::Keep);
    fixture.context.handling = Handling::Lenient;
    let second = json!({
        "id": 1, "externalId": "A", "lastName": "Rochat-Favre", "phone": "+41 79 123 45 67",
        "birthday": "soon", "addresses": [{"name": "Home"}],
        "client": {"paymentTerms": "10", "contactId": 99},
    });
    let outcomes = fixture.send(json!([second, {"externalId": "B", "birthday": "soon"}, "x"]));
    assert_eq!(
        explained(&outcomes[0]),
        "id [\"1\"] [Some(1)]\nlinkId [] []\nexternalId [\"A\"] [Some(1)]\n  /id mirrored\n  \
         /contactId mirrored\n  /contactType absent\n  /organizationId mirrored\n  /externalId sent\n\
         * /lastName sent\n  /birthday lenient\n  /phone respelled\n  /addresses sent\n  \
         /client/id mirrored\n  /client/contactId mirrored\n* /client/paymentTerms sent"
    );
    assert_eq!(explained(&outcomes[1]), "id [] []\nlinkId [] []\nexternalId [\"B\"] []");
    assert_eq!(outcomes[2].explanation, None);

    fixture.options = Options { mode: Mode::Fill, explain: true, ..Options::default() };
    fixture.options.dry_run = true;
    let third = json!({"externalId": "A", "lastName": "Meier", "fax": "12"});
    let outcomes = fixture.send(json!([third]));
    assert_eq!(
        explained(&outcomes[0]),
        "id [] []\nlinkId [] []\nexternalId [\"A\"] [Some(1)]\n  /id mirrored\n  /contactId mirrored\n  \
         /contactType absent\n  /organizationId mirrored\n  /externalId sent\n  /lastName fill\n  \
         /phone absent\n* /fax sent\n  /addresses absent\n  /client/id mirrored\n  \
         /client/contactId mirrored\n  /client/paymentTerms absent"
    );
}
