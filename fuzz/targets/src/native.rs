//! What the native API takes.

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};

use crate::app::{Answer, App, with_app};

const BATCH: &str = "/v1/contacts/batch";

/// The dry run of a batch answers each of its items, and counts them.
pub(crate) fn batch(data: &[u8]) {
    with_app(|app, _| {
        let uri = format!("{BATCH}?dryRun=true&explain=true");
        let Some(answer) = app.post(&uri, &[], data) else { return };
        if answer.status != StatusCode::OK {
            return;
        }
        let answer = answer.json();
        let (summary, results) = (&answer["summary"], answer["items"].as_array());
        let results = results.expect("results").len().try_into().ok();
        let verdicts =
            ["created", "updated", "unchanged", "rejected", "deleted", "ambiguous", "stale"];
        let counted: u64 = verdicts.iter().filter_map(|verdict| summary[verdict].as_u64()).sum();
        assert_eq!((summary["items"].as_u64(), Some(counted)), (results, results));
    });
}

/// Whatever is sent as a place in a list: it is answered, or refused as a bad request.
pub(crate) fn cursor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let place: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    with_app(|app, _| {
        for uri in [
            format!("/v1/contacts?cursor={place}"),
            format!("/v1/contacts/changes?since={place}"),
            // As it is: further parameters, and escapes that are none.
            format!("/v1/contacts?{text}"),
        ] {
            if let Some(answer) = app.send(Method::GET, &uri, &[], ()) {
                answer.json();
            }
        }
    });
}

/// A key does a request once, and is answered as the first time.
pub(crate) fn idempotency_key(data: &[u8]) {
    with_app(|app, number| {
        let body = json!({ "externalIds": [number.to_string()] }).to_string();
        let key: (&str, &[u8]) = ("idempotency-key", data);
        let send = || app.post("/v1/contacts/delete", &[key], body.as_bytes());
        let (Some(first), Some(second)) = (send(), send()) else { return };
        assert_eq!(first.status, second.status);
        if first.status.is_success() {
            assert_eq!(first.body, second.body);
            assert!(second.headers.contains_key("idempotency-replayed"), "{second:?}");
        }
    });
}

/// A patch (RFC 6902) changes a contact or is refused.
pub(crate) fn json_patch(data: &[u8]) {
    with_app(|app, number| {
        let body = json!({ "contactType": "PERSON", "lastName": "Rochat", "phone": "079 111 22 33",
            "externalId": number.to_string(), "tags": [{"name": "a"}, {"name": "b"}] });
        let created = app.post("/v1/contacts", &[], body.to_string().as_bytes());
        let id = created.expect("a request").json()["id"].to_string();
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json-patch+json")];
        let patch = |app: &App| {
            app.send(Method::PATCH, &format!("/v1/contacts/{id}"), &headers, data.to_vec())
        };
        patch(app).expect("a request").json();
    });
}

/// An item sent again changes nothing, however it is merged. The input is two items, one a line.
pub(crate) fn merging(data: &[u8]) {
    let mut items = data.splitn(2, |byte| *byte == b'\n').map(serde_json::from_slice::<Value>);
    let (Some(Ok(first)), Some(Ok(mut second))) = (items.next(), items.next()) else { return };
    with_app(|app, number| {
        let upsert = |item: &Value| {
            let mut item = item.clone();
            let members = item.as_object_mut()?;
            for member in ["id", "linkId", "contactType", "$"] {
                members.remove(member);
            }
            members.insert("externalId".into(), format!("{number}").into());
            members.insert("contactType".into(), "PERSON".into());
            let answer = app.post(BATCH, &[], json!([item]).to_string().as_bytes())?;
            (answer.status == StatusCode::OK).then(|| answer.json()["items"][0].clone())
        };
        upsert(&first);
        let Some(stored) = upsert(&second) else { return };
        if ["created", "updated"].contains(&stored["verdict"].as_str().unwrap_or_default()) {
            // Not the same bytes: it would be recognized, and not read.
            second["unknown"] = "x".into();
            let again = upsert(&second).expect("an answer");
            assert_eq!(again["verdict"], "unchanged", "{second}: {again}");
        }
    });
}

/// A stream has as many items as it is cut anywhere. The first two bytes say where.
pub(crate) fn stream(data: &[u8]) {
    let Some((at, lines)) = data.split_first_chunk::<2>() else { return };
    let lines = Bytes::copy_from_slice(lines);
    let at = usize::from(u16::from_le_bytes(*at)).min(lines.len());
    let headers: [(&str, &[u8]); 1] = [("content-type", b"application/x-ndjson")];
    with_app(|app, _| {
        let send = |pieces: Vec<Bytes>| {
            let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
            let body = Body::from_stream(stream::iter(pieces));
            app.send(Method::POST, BATCH, &headers, body).map(|answer| items(&answer))
        };
        let whole = send(vec![lines.clone()]);
        let cut = send(vec![lines.slice(..at), lines.slice(at..)]);
        assert_eq!(whole, cut);
    });
}

/// How many items a stream says it had, or the status of a refusal.
fn items(answer: &Answer) -> Result<Option<u64>, StatusCode> {
    if answer.status != StatusCode::OK {
        return Err(answer.status);
    }
    let mut lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let last = lines.next_back().expect("a last line");
    let last: Value = serde_json::from_slice(last).expect("JSON");
    Ok(last["summary"]["items"].as_u64())
}
