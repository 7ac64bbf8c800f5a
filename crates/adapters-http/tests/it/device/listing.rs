//! The list: pages, orders, filters.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ITEMS, ask, item, link_id, not_valid, shown, upsert, with};
use crate::app::{App, device};

/// The list with these parameters.
async fn list(app: &App, parameters: &[(&str, &str)]) -> Value {
    let answer = ask(app, Method::GET, &path(parameters)).await;
    assert_eq!(answer.status, 200, "{parameters:?}: {}", answer.text());
    answer.json()
}

fn path(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{ITEMS}?{query}")
}

async fn uids(app: &App, parameters: &[(&str, &str)]) -> Vec<i64> {
    let list = list(app, parameters).await;
    let items = list["list_items"].as_array().unwrap();
    items.iter().map(|item| item["item_uid"].as_i64().unwrap()).collect()
}

async fn refusal(app: &App, parameters: &[(&str, &str)]) -> (u16, Value) {
    ask(app, Method::GET, &path(parameters)).await.envelope()
}

/// Three items and a person that is one, by their ids: 1 Étage, 2 Zebra, 3 L'Ami, 4 apple.
async fn app_with_four_items() -> App {
    let app = App::new().await;
    upsert(
        &app,
        json!([
            with(item(1), json!({"name": "Étage", "is_favorite": true, "ringtone": "a.wav"})),
            with(item(2), json!({"name": "Zebra", "type": "p2p", "number": "sip:1@a.example"})),
            with(item(3), json!({"name": "L'Ami", "number": "0001-01-02", "is_p2p": true})),
        ]),
    )
    .await;
    let entry = json!({"name": "apple", "type": "regular", "number": "0001-01-11-11"});
    app.batch(json!([
        {"contactType": "PERSON", "lastName": "Rochat", "intercom": entry},
        {"contactType": "PERSON", "lastName": "Nobody"},
    ]))
    .await;
    app
}

#[tokio::test]
async fn list_has_whole_items_and_pagination() {
    let app = app_with_four_items().await;
    assert_eq!(
        list(&app, &[]).await,
        json!({
            "list_items": [
                shown(json!({
                    "link_id": link_id(1), "name": "Étage", "type": "multi",
                    "number": "0001-01-01", "is_favorite": true, "ringtone": "a.wav",
                }), 1),
                shown(json!({
                    "link_id": link_id(2), "name": "Zebra", "type": "p2p",
                    "number": "sip:1@a.example",
                }), 2),
                shown(json!({
                    "link_id": link_id(3), "name": "L'Ami", "type": "multi",
                    "number": "0001-01-02", "is_p2p": true,
                }), 3),
                shown(json!({
                    "link_id": null, "name": "apple", "type": "regular",
                    "number": "0001-01-11-11",
                }), 4),
            ],
            "list_option": {"pagination": {
                "total_items": 4, "items_limit": 10, "total_pages": 1, "current_page": 1,
            }},
        })
    );
    let answer = app.send(device(Method::GET, ITEMS, "other", "")).await;
    assert_eq!(
        answer.json(),
        json!({
            "list_items": [],
            "list_option": {"pagination": {
                "total_items": 0, "items_limit": 10, "total_pages": 0, "current_page": 1,
            }},
        })
    );
}

#[tokio::test]
async fn page_past_the_end_is_empty() {
    let app = App::new().await;
    let items: Vec<Value> = (1..=25).map(item).collect();
    upsert(&app, json!(items)).await;
    for (limit, page, first, last, pages) in [
        ("10", "1", 1, 10, 3),
        ("10", "3", 21, 25, 3),
        ("15", "2", 11, 20, 3),
        ("20", "2", 21, 25, 2),
        ("25", "1", 1, 20, 2),
        ("100", "1", 1, 25, 1),
        ("1000", "1", 1, 25, 1),
        ("1", "1", 1, 10, 3),
        ("-5", "1", 1, 10, 3),
        ("10", "4", 1, 0, 3),
        ("10", "9007199254740991", 1, 0, 3),
    ] {
        let parameters = [("limit", limit), ("page_number", page)];
        assert_eq!(uids(&app, &parameters).await, (first..=last).collect::<Vec<i64>>());
        let pagination = &list(&app, &parameters).await["list_option"]["pagination"];
        let shown = (&pagination["total_items"], &pagination["total_pages"]);
        assert_eq!(shown, (&json!(25), &json!(pages)), "{parameters:?}");
        assert_eq!(pagination["current_page"].to_string(), page);
    }
}

#[tokio::test]
async fn items_come_in_every_order() {
    let app = app_with_four_items().await;
    for (order, expected) in [
        ("name asc", [4, 1, 3, 2]),
        ("name desc", [2, 3, 1, 4]),
        ("name", [4, 1, 3, 2]),
        ("type asc", [1, 3, 2, 4]),
        ("type desc", [4, 2, 1, 3]),
        ("number asc", [1, 3, 4, 2]),
        ("number desc", [2, 4, 3, 1]),
        ("uid asc", [1, 2, 3, 4]),
        ("uid desc", [4, 3, 2, 1]),
    ] {
        assert_eq!(uids(&app, &[("order_by", order)]).await, expected, "{order}");
    }
}

#[tokio::test]
async fn filter_selects_items() {
    let app = app_with_four_items().await;
    let upper = format!("link_id eq '{}'", link_id(2).to_uppercase());
    for (filter, expected) in [
        ("name eq 'Zebra'", &[2][..]),
        ("name nq 'Zebra'", &[1, 3, 4]),
        ("name gt 'Zebra'", &[1, 4]),
        ("name le 'Zebra'", &[2, 3]),
        ("name eq 'L''Ami'", &[3]),
        ("name eq 'Étage'", &[1]),
        ("name eq 'étage'", &[]),
        ("type eq 'multi' and number lt '0001-01-02'", &[1]),
        ("type eq 'p2p' or is_p2p eq true", &[2, 3]),
        ("not (type eq 'multi' or type eq 'p2p')", &[4]),
        ("is_favorite eq true or type eq 'multi' and is_p2p eq true", &[1, 3]),
        ("is_favorite lt true", &[2, 3, 4]),
        ("ringtone nq 'ring1.wav'", &[1]),
        ("auto_answer eq true or in_black_list eq true", &[]),
        ("uid ge 3", &[3, 4]),
        ("item_uid lt 2", &[1]),
        ("uid gt -9223372036854775808", &[1, 2, 3, 4]),
        ("link_id eq ''", &[4]),
        (&upper, &[2]),
    ] {
        assert_eq!(uids(&app, &[("filter", filter)]).await, expected, "{filter}");
    }
    let page = [("filter", "type eq 'multi'"), ("order_by", "uid desc"), ("limit", "10")];
    assert_eq!(uids(&app, &page).await, [3, 1]);
    assert_eq!(list(&app, &page).await["list_option"]["pagination"]["total_items"], 2);
}

#[tokio::test]
async fn malformed_parameters_are_named() {
    let app = app_with_four_items().await;
    for (name, values, reason) in [
        ("limit", &["", "x", "1x", "1.5", "1e2", "+10", " 10", "١٠"][..], "must be a whole number"),
        (
            "page_number",
            &["", "0", "-1", "x", "1.0", "9007199254740992", "99999999999999999999"],
            "must be a whole number from 1 to 9007199254740991",
        ),
        (
            "order_by",
            &["", "email", "name up", "name asc desc", "Name", "name ASC", "name asc,uid asc"],
            "must be name, type, number or uid, and then asc or desc",
        ),
        ("filter", &["", " "], "expected a field of an item at character 1"),
        ("filter", &["name = 'x'"], "expected eq, nq, gt, lt, ge or le at character 6"),
        ("filter", &["name eq x"], "expected text in single quotes at character 9"),
    ] {
        for value in values {
            let refusal = refusal(&app, &[(name, value)]).await;
            let reason = match *value {
                " " => "expected a field of an item at character 2",
                _ => reason,
            };
            assert_eq!(refusal, not_valid(json!({name: reason})), "{name}={value:?}");
        }
    }
    let all = [("limit", "x"), ("page_number", "0"), ("order_by", "x"), ("filter", "name")];
    let data = json!({
        "limit": "must be a whole number",
        "page_number": "must be a whole number from 1 to 9007199254740991",
        "order_by": "must be name, type, number or uid, and then asc or desc",
        "filter": "expected eq, nq, gt, lt, ge or le at character 5",
    });
    assert_eq!(refusal(&app, &all).await, not_valid(data));
    assert_eq!(uids(&app, &[("unknown", "x")]).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn filter_above_the_limits_is_refused() {
    let app = app_with_four_items().await;
    let conditions = |count: usize| vec!["uid eq 2"; count].join(" or ");
    assert_eq!(uids(&app, &[("filter", &conditions(100))]).await, [2]);
    let refused = refusal(&app, &[("filter", &conditions(101))]).await;
    assert_eq!(refused, not_valid(json!({"filter": "has more than 100 conditions"})));
    let nested = |depth: usize| {
        let open = "(uid eq 1 or uid eq 2 and ".repeat(depth);
        format!("{open}uid eq 2{}", ")".repeat(depth))
    };
    assert_eq!(uids(&app, &[("filter", &nested(31))]).await, [1, 2]);
    let refused = refusal(&app, &[("filter", &nested(32))]).await;
    assert_eq!(refused, not_valid(json!({"filter": "is nested more than 32 deep"})));
}

#[tokio::test]
async fn query_that_is_not_utf_8_is_accepted() {
    let app = app_with_four_items().await;
    let path = format!("{ITEMS}?filter=name+eq+'%FF'&%FF=%FF&=&&a");
    let answer = ask(&app, Method::GET, &path).await;
    assert_eq!((answer.status, &answer.json()["list_items"]), (200, &json!([])));
}
