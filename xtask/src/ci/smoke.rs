//! The release build, from nothing to an answer.

use anyhow::{Result, ensure};
use serde_json::Value;
use server_process::Launch;
use server_process::client::Prepared;

use crate::tool::release_server;

const BATCH: &str =
    r#"[{"contactType":"PERSON","externalId":"ERP-1","firstName":"Amélie","lastName":"Rochat"}]"#;

/// Starts the release server on a new database, posts a contact, gets the OpenAPI description and
/// stops the server.
pub(super) fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Launch::new(&release_server()?, folder.path()).start()?;
    let mut connection = server.connect()?;

    let batch = Prepared::post("/api-v1/contact/batch", server.token(), BATCH);
    let answer = connection.send(&batch)?;
    let body: Value = serde_json::from_slice(answer.body)?;
    let stored = body.pointer("/items/0/freshData/lastName").and_then(Value::as_str);
    ensure!(
        answer.status == 200 && stored == Some("Rochat"),
        "the answer to a batch is {}: {body}",
        answer.status
    );

    let description = connection.send(&Prepared::get("/openapi.json", server.token()))?;
    let document: Value = serde_json::from_slice(description.body)?;
    let batch = document.pointer("/paths/~1api-v1~1contact~1batch");
    ensure!(batch.is_some(), "/openapi.json does not describe the batch");

    drop(connection);
    server.stop()
}
