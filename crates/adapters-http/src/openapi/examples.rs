//! Whole requests and answers of the API description. A test sends the requests and compares the
//! answers.

use serde_json::{Value, json};

/// A batch of a contact that is stored and one that is refused.
pub(crate) fn batch() -> Value {
    json(include_str!("examples/batch.json"))
}

/// The answer to [`batch`].
pub(crate) fn batch_answer() -> Value {
    json(include_str!("examples/batch-answer.json"))
}

/// The contact that [`batch`] stores.
pub(crate) fn contact() -> Value {
    let answer = batch_answer();
    answer.pointer("/items/0/freshData").cloned().unwrap_or_default()
}

/// A contact to be created: the first of [`batch`].
pub(crate) fn new_contact() -> Value {
    batch().pointer("/0").cloned().unwrap_or_default()
}

/// The same contact as the native API shows it.
pub(crate) fn stored_contact() -> Value {
    let mut contact = contact();
    let row = batch_answer().pointer("/items/0/freshRow").cloned().unwrap_or_default();
    for (name, of_row) in [
        ("version", "version"),
        ("createdAt", "updatedAt"),
        ("updatedAt", "updatedAt"),
        ("displayName", "displayName"),
    ] {
        if let (Some(members), Some(value)) = (contact.as_object_mut(), row.get(of_row)) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    contact
}

/// A native batch of a contact that is stored and one that is refused.
pub(crate) fn native_batch() -> Value {
    json(include_str!("examples/native-batch.json"))
}

/// The answer to [`native_batch`].
pub(crate) fn native_batch_answer() -> Value {
    json(include_str!("examples/native-batch-answer.json"))
}

/// The id of a plan.
pub(crate) const PLAN: &str = "019951e2-6c40-7c31-9d4e-8f3a5b2c1d0e";

/// A plan that was applied.
pub(crate) fn plan() -> Value {
    let summary = |created, stale| {
        json!({
            "items": 2, "created": created, "updated": 0, "unchanged": 0, "rejected": 0,
            "deleted": 0, "ambiguous": 0, "stale": stale,
        })
    };
    json!({
        "id": PLAN,
        "createdAt": "2026-09-21T14:13:20Z",
        "expiresAt": "2026-09-22T14:13:20Z",
        "source": "crm-nightly",
        "summary": summary(2, 0),
        "applied": {"at": "2026-09-21T15:02:11Z", "summary": summary(1, 1), "run": 5},
    })
}

/// Two items as lines.
pub(crate) const LINES: &str = "\
{\"externalId\":\"CRM-7\",\"contactType\":\"ORGANIZATION\",\"name\":\"Boulangerie du Rhône SA\"}
{\"externalId\":\"CRM-8\",\"contactType\":\"PERSON\",\"lastName\":\"Rochat\",\"email\":\"amelie.rochat\"}
";

/// A contact in a line.
pub(crate) const EXPORTED: &str = "\
{\"id\":7,\"contactType\":\"PERSON\",\"externalId\":\"CRM-8\",\"lastName\":\"Rochat\",\"version\":1}
";

/// The answer to [`LINES`].
pub(crate) const LINES_ANSWER: &str = "\
{\"index\":1,\"line\":2,\"verdict\":\"rejected\",\"violations\":[{\"pointer\":\"/email\",\"rule\":\"e-mail\",\
\"code\":\"VALIDATION_ERROR\",\"severity\":\"error\",\"message\":\"an e-mail address must have an @\",\
\"value\":\"amelie.rochat\"}]}
{\"progress\":{\"line\":2,\"run\":1,\"summary\":{\"items\":2,\"created\":1,\"updated\":0,\"unchanged\":0,\"rejected\":1,\
\"deleted\":0,\"ambiguous\":0,\"stale\":0}}}
{\"summary\":{\"items\":2,\"created\":1,\"updated\":0,\"unchanged\":0,\"rejected\":1,\"deleted\":0,\
\"ambiguous\":0,\"stale\":0}}
";

/// Two items of an intercom's directory.
pub(crate) fn items() -> Value {
    json(include_str!("examples/items.json"))
}

/// The answer to [`items`].
pub(crate) fn items_answer() -> Value {
    json(include_str!("examples/items-answer.json"))
}

/// The test notices a text that is not JSON.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A run.
pub(crate) fn run() -> Value {
    json!({
        "id": 41,
        "api": "v1",
        "token": "CRM",
        "source": "shop",
        "at": "2026-11-26T08:15:00Z",
        "counts": {"created": 0, "updated": 1, "deleted": 0, "merged": 0, "restored": 0},
        "undoes": null,
    })
}
