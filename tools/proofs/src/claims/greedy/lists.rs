//! Lists that are slow, and headers that are long.

use anyhow::{Result, ensure};
use server_process::client::Prepared;

use super::client::{Tally, Target, array, members};
use crate::load::BATCH;

/// Stores the entries that the lists go through.
pub(super) fn fill_directory(target: &Target) -> Result<()> {
    for batch in 0..target.size(1, 10) {
        let items = array(5_000, |number| {
            let link_id = format!("00000000-0000-4000-8000-{:012}", batch * 5_000 + number + 1);
            format!(
                r#"{{"link_id":"{link_id}","name":"Entrance {number}","type":"multi",
                    "number":"{:04}-01-01"}}"#,
                number + 1
            )
        });
        let body = format!(r#"{{"list_items":{items}}}"#);
        let request = Prepared::post("/api/v1/contacts/items/link", &target.token, &body);
        let reply = target.send(&request)?;
        let text = String::from_utf8_lossy(&reply.body).chars().take(300).collect::<String>();
        ensure!(reply.status == 200, "{}: {text}", reply.status);
    }
    Ok(())
}

/// The longest lists that a filter allows, sorted, with a token that may only read.
pub(super) fn heavy_lists(target: &Target) -> Result<Tally> {
    let conditions = (0..100).map(|number| format!("name%20nq%20'Entrance%20{number}%20'"));
    let filter = conditions.collect::<Vec<_>>().join("%20and%20");
    let path = format!(
        "/api/v1/contacts/items?limit=100&page_number=40&order_by=name%20desc&filter={filter}"
    );
    target.send_at_once(&Prepared::get(&path, &target.reader), 64)
}

/// A `Prefer` header with thousands of names.
pub(super) fn many_preferences(target: &Target) -> Result<Tally> {
    let names = members(8_000, |number| format!("p{number}"));
    let body = r#"[{"contactType":"PERSON","externalId":"preferences","lastName":"P"}]"#;
    let request = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nPrefer: {names}\r\nContent-Length: {}\r\n\r\n{body}",
        target.token,
        body.len()
    );
    target.send_at_once(&Prepared::from(request.into_bytes()), 16)
}
