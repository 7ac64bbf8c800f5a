//! Numbers within and beyond the limits of internal addresses and SIP URIs.

use serde_json::json;

use super::bad_items::{accepted, app_with_two_items, refused_with};
use crate::app::App;

async fn refused_number(app: &App, kind: &str, number: &str, reason: &str) {
    refused_with(app, json!({"type": kind, "number": number}), ("number", reason)).await;
}

async fn accepted_number(app: &App, kind: &str, number: &str) {
    accepted(app, json!({"type": kind, "number": number})).await;
}

#[tokio::test]
async fn parts_of_an_internal_address_have_a_range() {
    let app = app_with_two_items().await;
    for number in ["0001-00-00-00", "9999-99-98-99", "0001-01-11-11"] {
        accepted_number(&app, "regular", number).await;
    }
    for number in ["001-00-00-00-1", "999-99-98-99-9"] {
        accepted_number(&app, "individual", number).await;
    }
    for number in ["0001-00-01", "9999-99-99"] {
        accepted_number(&app, "multi", number).await;
    }
    for (kind, number, part, range) in [
        ("regular", "0000-01-01-01", "building", "1 to 9999"),
        ("regular", "0001-01-99-01", "floor", "0 to 98"),
        ("individual", "000-01-01-01-1", "building", "1 to 999"),
        ("individual", "001-01-99-01-1", "floor", "0 to 98"),
        ("individual", "001-01-01-01-0", "device", "1 to 9"),
        ("multi", "0000-01-01", "building", "1 to 9999"),
        ("multi", "0001-01-00", "device", "1 to 99"),
    ] {
        let reason = format!("the {part} in an internal address must be from {range}");
        refused_number(&app, kind, number, &reason).await;
    }
}

#[tokio::test]
async fn parts_of_an_internal_address_have_fixed_digits() {
    let app = app_with_two_items().await;
    for (kind, form, numbers) in [
        (
            "regular",
            "BBBB-UU-FF-AA",
            &[
                "001-01-01-01",
                "10000-01-01-01",
                "0001-1-01-01",
                "0001-100-01-01",
                "0001-01-1-01",
                "0001-01-01-1",
                "0001-01-01-100",
                "0001-01-01",
                "0001-01-01-01-1",
                "0001-01-01-01-",
                "-001-01-01-01",
                "0001--1-01-01",
                "0001.01.01.01",
                "0001010101",
                "000１-01-01-01",
                "0001-٠١-01-01",
                " 0001-01-01-01",
                "0001-01-01-01 ",
                "0001-01-01-01\n",
                "\u{feff}0001-01-01-01",
                "100@sip.example.com",
                " sip:100@sip.example.com",
            ][..],
        ),
        (
            "individual",
            "BBB-UU-FF-AA-D",
            &[
                "0001-01-01-01-1",
                "01-01-01-01-1",
                "001-01-01-01",
                "001-01-01-01-01",
                "001-01-01-01-10",
                "001-01-01-01-１",
                "001-01-01-01-1\r\n",
            ],
        ),
        (
            "multi",
            "BBBB-UU-DD",
            &["001-01-01", "0001-01-1", "0001-01-100", "0001-01", "0001-01-01-01", "0001-01-０１"],
        ),
    ] {
        for number in numbers {
            let reason =
                format!("an internal address of this type must be digits in the form {form}");
            refused_number(&app, kind, number, &reason).await;
        }
    }
    let reason = "the number of an intercom of type p2p must be a SIP URI, as in sip:user@host";
    refused_number(&app, "p2p", "0001-01-01", reason).await;
}

#[tokio::test]
async fn sip_uri_is_valid_for_every_type() {
    let app = app_with_two_items().await;
    for kind in ["regular", "individual", "multi", "p2p"] {
        for number in [
            "sip:100@sip.example.com",
            "sip:100@10.0.0.255",
            "sip:100@10.0.0.5:1",
            "sip:100@a.b:65535",
            "sip:a+B.c_d-9@3com.xn--n3h",
        ] {
            accepted_number(&app, kind, number).await;
        }
    }
    let user = "the user of a SIP URI must be letters, digits, +, ., _ or -, followed by an @";
    let host = "the host of a SIP URI must be an IPv4 address or a name of at least two labels";
    let port = "the port of a SIP URI must be from 1 to 65535";
    let parameters =
        "a SIP URI must have no parameters or headers: leave out what begins with ; or ?";
    let scheme = "a SIP URI must begin with sip: in lower case";
    let secure = "a SIP URI must begin with sip:, not with sips:";
    for (number, reason) in [
        ("SIP:100@sip.example.com", scheme),
        ("Sip:100@sip.example.com;transport=tcp", scheme),
        ("sips:100@sip.example.com", secure),
        ("sip:", user),
        ("sip:sip.example.com", user),
        ("sip:@sip.example.com", user),
        ("sip:1 0@sip.example.com", user),
        ("sip:１@sip.example.com", user),
        ("sip:100:secret@sip.example.com", user),
        ("sip:100@", host),
        ("sip:100@localhost", host),
        ("sip:100@sip.example.com.", host),
        ("sip:100@.example.com", host),
        ("sip:100@-a.example", host),
        ("sip:100@a-.example", host),
        ("sip:100@example.1com", host),
        ("sip:100@10.0.0.256", host),
        ("sip:100@10.0.0", host),
        ("sip:100@[::1]", host),
        ("sip:100@sip.example.com;transport=tcp", parameters),
        ("sip:100@sip.example.com:5060;transport=tcp", parameters),
        ("sip:100@sip.example.com?subject=x", parameters),
        ("sip:100@sip.example.com ", host),
        ("sip:100@sip.example.com\n", host),
        ("sip:100@sip.example.com:0", port),
        ("sip:100@sip.example.com:65536", port),
        ("sip:100@sip.example.com:", port),
        ("sip:100@sip.example.com:50 60", port),
        ("sip:100@10.0.0.5:5060\n", port),
    ] {
        refused_number(&app, "p2p", number, reason).await;
        refused_number(&app, "regular", number, reason).await;
    }
}
