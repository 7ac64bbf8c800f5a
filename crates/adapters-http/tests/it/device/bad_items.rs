//! Items with faults: each is named by its path, nothing is stored, and the next request succeeds.

use serde_json::{Value, json};

use super::{item, link_id, living, not_valid, send, upsert, with, without, words};
use crate::app::App;

/// An application that has items 1 and 2.
pub(super) async fn app_with_two_items() -> App {
    let app = App::new().await;
    upsert(&app, json!([item(1), item(2)])).await;
    app
}

/// Asserts that a request with the item is refused with these faults, and succeeds without it.
async fn refused(app: &App, bad: &Value, faults: &[(&str, &str)]) {
    let stored = app.store.records();
    let answer = send(app, json!([with(item(1), json!({"name": "Renamed"})), bad])).await;
    let data = faults.iter().map(|(member, reason)| {
        let dot = if member.is_empty() { "" } else { "." };
        (format!("list_items[1]{dot}{member}"), json!(reason))
    });
    let data: Value = data.collect::<serde_json::Map<_, _>>().into();
    assert_eq!(answer.envelope(), not_valid(data), "{bad}");
    assert_eq!(app.store.records(), stored, "{bad}");
    assert_eq!(words(&upsert(app, json!([item(1)])).await), ["updated"], "{bad}");
}

/// Asserts that these members are refused in a stored item and in a new one.
pub(super) async fn refused_with(app: &App, members: Value, fault: (&str, &str)) {
    for number in [2, 3] {
        refused(app, &with(item(number), members.clone()), &[fault]).await;
    }
}

async fn refused_member(app: &App, name: &str, values: &[Value], reason: &str) {
    for value in values {
        refused_with(app, json!({name: value}), (name, reason)).await;
    }
}

pub(super) async fn accepted(app: &App, members: Value) {
    upsert(app, json!([with(item(2), members)])).await;
}

#[tokio::test]
async fn item_must_be_an_object() {
    let app = app_with_two_items().await;
    for (bad, found) in [
        (json!(null), "null"),
        (json!(7), "a number"),
        (json!(-0.5), "a number"),
        (json!("item"), "text"),
        (json!(true), "true or false"),
        (json!([]), "an array"),
        (
            json!([link_id(2), "Door", "multi", "0001-01-01", true, true, false, false, "a"]),
            "an array",
        ),
    ] {
        refused(&app, &bad, &[("", &format!("must be an object, not {found}"))]).await;
    }
}

#[tokio::test]
async fn required_member_must_not_be_absent_or_blank() {
    let app = app_with_two_items().await;
    for name in ["name", "type", "number"] {
        let reason = format!("an intercom entry needs a {name}");
        refused(&app, &without(item(2), name), &[(name, &reason)]).await;
        let blank = [json!(null), json!(""), json!("  "), json!("\t\n"), json!("\u{a0}\u{2003}")];
        refused_member(&app, name, &blank, &reason).await;
    }
    let unseen = ["\u{200b}", " \u{feff}\u{2060}", "\u{3164}", "\u{2800}"].map(|name| json!(name));
    refused_member(&app, "name", &unseen, "an intercom entry needs a name").await;
    refused(
        &app,
        &json!({}),
        &[
            ("name", "an intercom entry needs a name"),
            ("type", "an intercom entry needs a type"),
            ("number", "an intercom entry needs a number"),
        ],
    )
    .await;
}

#[tokio::test]
async fn member_of_wrong_type_is_refused() {
    let app = app_with_two_items().await;
    for (value, found) in [
        (json!(1), "a number"),
        (json!(true), "true or false"),
        (json!(["Door"]), "an array"),
        (json!({"name": "Door"}), "an object"),
    ] {
        for name in ["link_id", "name", "type", "number", "ringtone"] {
            let reason = format!("must be text, not {found}");
            refused_member(&app, name, std::slice::from_ref(&value), &reason).await;
        }
    }
    for (value, found) in [
        (json!(0), "a number"),
        (json!("true"), "text"),
        (json!([true]), "an array"),
        (json!({}), "an object"),
    ] {
        for name in ["is_favorite", "auto_answer", "in_black_list", "is_p2p"] {
            let reason = format!("must be true or false, not {found}");
            refused_member(&app, name, std::slice::from_ref(&value), &reason).await;
        }
    }
}

#[tokio::test]
async fn name_has_up_to_thirty_characters() {
    let app = app_with_two_items().await;
    for character in ["x", "é", "e\u{301}", "楼", "🏠"] {
        accepted(&app, json!({"name": character.repeat(30)})).await;
        let reason = "an intercom name has at most 30 characters";
        refused_member(&app, "name", &[json!(character.repeat(31))], reason).await;
    }
    refused_member(&app, "name", &[json!("Do\0or")], "a text must not hold NUL (U+0000)").await;
    let controls = ["Do\nor", "Door\t", "\u{7f}Door", "Do\u{85}or"].map(|name| json!(name));
    refused_member(&app, "name", &controls, "an intercom name has no control characters").await;
    accepted(&app, json!({"name": "Do\u{200b}or 👩\u{200d}👧"})).await;
}

#[tokio::test]
async fn type_is_one_of_four() {
    let app = app_with_two_items().await;
    let reason = "the intercom type must be one of regular, individual, multi, p2p";
    let wrong = ["Multi", "MULTI", " multi", "multi ", "multi\n", "sip", "p2p,multi", "ｍulti"];
    refused_member(&app, "type", &wrong.map(|text| json!(text)), reason).await;
}

#[tokio::test]
async fn auto_answer_and_black_list_exclude_each_other() {
    let app = app_with_two_items().await;
    accepted(&app, json!({"auto_answer": true, "in_black_list": false})).await;
    accepted(&app, json!({"auto_answer": false, "in_black_list": true})).await;
    let both = with(item(2), json!({"auto_answer": true, "in_black_list": true}));
    let reason = "auto_answer and in_black_list must not both be true";
    refused(&app, &both, &[("in_black_list", reason)]).await;
}

#[tokio::test]
async fn link_id_is_a_hyphenated_uuid_not_nil() {
    let app = app_with_two_items().await;
    for link_id in ["91C615E3-1040-4815-8ECB-039A18B756B1", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
    {
        accepted(&app, json!({"link_id": link_id})).await;
    }
    let wrong = [
        "",
        " ",
        "door",
        "{91c615e3-1040-4815-8ecb-039a18b756b1}",
        "91c615e3104048158ecb039a18b756b1",
        "urn:uuid:91c615e3-1040-4815-8ecb-039a18b756b1",
        " 91c615e3-1040-4815-8ecb-039a18b756b1",
        "91c615e3-1040-4815-8ecb-039a18b756b1 ",
        "91c615e3-1040-4815-8ecb-039a18b756b1\n",
        "91c615e3-1040-4815-8ecb-039a18b756b",
        "91c615e3-1040-4815-8ecb-039a18b756bg",
        "91c615e31-040-4815-8ecb-039a18b756b1",
    ];
    let reason = "a link id must be a UUID in its hyphenated form of 36 characters";
    refused_member(&app, "link_id", &wrong.map(|text| json!(text)), reason).await;
    let nil = json!("00000000-0000-0000-0000-000000000000");
    refused_member(&app, "link_id", &[nil], "a link id must not be the nil UUID").await;
}

#[tokio::test]
async fn ringtone_is_a_file_name() {
    let app = app_with_two_items().await;
    accepted(&app, json!({"ringtone": "Sonnerie n° 2.mp3"})).await;
    accepted(&app, json!({"ringtone": "ü".repeat(255)})).await;
    for (texts, reason) in [
        (&["", " ", "\n"][..], "a ringtone must not be blank"),
        (
            &["../x", "/ring1.wav", "a/b", "..\\x", ".", ".."],
            "a ringtone must be a file name without a path",
        ),
        (&["ring1.wav\n", "a\tb", "\u{7f}"], "a ringtone must not have control characters"),
        (&[&*"ü".repeat(256)], "a ringtone must not be longer than 255 characters"),
    ] {
        let texts: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
        refused_member(&app, "ringtone", &texts, reason).await;
    }
}

#[tokio::test]
async fn every_fault_of_an_item_is_named_once() {
    let app = app_with_two_items().await;
    refused(
        &app,
        &json!({
            "link_id": "x", "name": 1, "type": "door", "number": "0000-01-01", "is_favorite": 1,
            "auto_answer": true, "in_black_list": true, "is_p2p": "no", "ringtone": "../x",
        }),
        &[
            ("name", "must be text, not a number"),
            ("is_favorite", "must be true or false, not a number"),
            ("is_p2p", "must be true or false, not text"),
            ("type", "the intercom type must be one of regular, individual, multi, p2p"),
            ("link_id", "a link id must be a UUID in its hyphenated form of 36 characters"),
            ("number", "an intercom number must be an internal address or a SIP URI"),
            ("in_black_list", "auto_answer and in_black_list must not both be true"),
            ("ringtone", "a ringtone must be a file name without a path"),
        ],
    )
    .await;
    let breaks_two_rules = json!({"name": "x".repeat(501)});
    let reason = "the intercom name must have at most 500 characters";
    refused_with(&app, breaks_two_rules, ("name", reason)).await;
}

#[tokio::test]
async fn faults_of_all_items_are_named_in_order() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let answer = send(
        &app,
        json!([
            item(1),
            with(item(2), json!({"number": "0001-01-00", "name": " "})),
            item(3),
            null,
            with(item(1), json!({"is_p2p": 1, "name": "Door 1, renamed"})),
        ]),
    )
    .await;
    let (status, error) = answer.envelope();
    let data: Vec<_> = error["data"].as_object().unwrap().iter().collect();
    assert_eq!(
        (status, data),
        (
            400,
            vec![
                (&"list_items[1].name".to_owned(), &json!("an intercom entry needs a name")),
                (
                    &"list_items[1].number".to_owned(),
                    &json!("the device in an internal address must be from 1 to 99")
                ),
                (&"list_items[3]".to_owned(), &json!("must be an object, not null")),
                (&"list_items[4].is_p2p".to_owned(), &json!("must be true or false, not a number")),
            ]
        )
    );
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn faults_beyond_one_hundred_are_counted() {
    let app = App::new().await;
    for (items, faults, more) in
        [(33, 99, None), (34, 100, Some("2 more")), (10_000, 100, Some("29900 more"))]
    {
        let answer = send(&app, json!(vec![json!({}); items])).await;
        let (status, error) = answer.envelope();
        let mut data = error["data"].as_object().unwrap().clone();
        assert_eq!((status, data.remove("...")), (400, more.map(|more| json!(more))));
        assert_eq!(data.len(), faults);
        assert!(data.keys().all(|path| path.starts_with("list_items[")), "{error}");
    }
    assert!(app.store.records().is_empty());
}

#[tokio::test]
async fn lone_surrogate_is_a_fault_of_its_member() {
    let app = App::new().await;
    let half = "must not hold half of a surrogate pair";
    for (bad, path) in [
        (r#"{"name": "\ud800", "type": "multi", "number": "0001-01-01"}"#, "list_items[0].name"),
        (r#"{"\udfff": 1, "name": "x", "type": "multi", "number": "0001-01-01"}"#, "list_items[0]"),
    ] {
        let body = format!(r#"{{"list_items": [{bad}]}}"#);
        let request = crate::app::device(axum::http::Method::POST, super::LINK, "all", body);
        let answer = app.send(request).await;
        assert_eq!(answer.envelope(), not_valid(json!({path: half})));
    }
    let elsewhere = r#"{"list_items": [{"x": "\ud800", "y": 1e999, "name": "Door",
        "type": "multi", "number": "0001-01-01"}]}"#;
    let request = crate::app::device(axum::http::Method::POST, super::LINK, "all", elsewhere);
    assert_eq!(app.send(request).await.status, 200, "what is ignored may hold anything");
    assert_eq!(living(&app).len(), 1);
}

#[tokio::test]
async fn ignored_members_may_be_nested_deeply() {
    let app = App::new().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let item = format!(r#"{{"x": {deep}, "name": "Door", "type": "multi", "number": 7}}"#);
    let body = format!(r#"{{"x": {deep}, "list_items": [{item}]}}"#);
    let request = crate::app::device(axum::http::Method::POST, super::LINK, "all", body);
    let answer = app.send(request).await;
    let data = json!({"list_items[0].number": "must be text, not a number"});
    assert_eq!(answer.envelope(), not_valid(data));
}
