//! The release build, from nothing to an answer.

use serde_json::Value;
use xtask::Failure;
use xtask::client::Prepared;
use xtask::command::say;
use xtask::hub::Hub;

const BATCH: &str =
    r#"[{"contactType":"PERSON","externalId":"ERP-1","firstName":"Amélie","lastName":"Rochat"}]"#;

/// Builds the release server, starts it on a new database, posts a contact, asks for the OpenAPI
/// description and stops it.
pub(super) fn run() -> Result<(), Failure> {
    let program = Hub::build()?;
    let folder = tempfile::tempdir()?;
    let hub = Hub::start(&program, folder.path())?;
    let mut connection = hub.connect()?;

    let batch = Prepared::post("/api-v1/contact/batch", hub.token(), BATCH);
    let answer = connection.send(&batch)?;
    let body: Value = serde_json::from_slice(answer.body)?;
    let stored = body.pointer("/items/0/freshData/lastName").and_then(Value::as_str);
    if answer.status != 200 || stored != Some("Rochat") {
        return Err(Failure::Server(format!("a batch was answered {}: {body}", answer.status)));
    }

    let description = connection.send(&Prepared::get("/openapi.json", hub.token()))?;
    let document: Value = serde_json::from_slice(description.body)?;
    if document.pointer("/paths/~1api-v1~1contact~1batch").is_none() {
        return Err(Failure::Server("/openapi.json does not describe the batch".to_owned()));
    }

    drop(connection);
    hub.stop()?;
    say("the release server took a contact, described itself and stopped");
    Ok(())
}
