//! A contact as the API shows it: its document, with what the server adds.

use contacts_domain::Timestamp;
use contacts_domain::contact::Record;
use serde_json::Value;

use crate::problem::Problem;
use crate::problem::corrupt::require_readable;
use crate::reply::redaction::Redaction;

/// The contact as JSON: the document without what the caller may not see, then `version`,
/// `createdAt`, `updatedAt`, `displayName` and, of a deleted contact, `deletedAt`.
///
/// Fails if the document cannot be read.
pub(crate) fn contact_body(record: &Record, redaction: Redaction) -> Result<String, Problem> {
    require_readable(record)?;
    let document = redaction.document(&record.document).map_err(Problem::internal)?;
    let members = document.trim_ascii_end().strip_suffix('}').unwrap_or_default();
    let version = record.version;
    let (created_at, updated_at) = (record.created_at, record.updated_at);
    let display_name = Value::from(record.projection.display_name.as_str());
    let deleted_at = record.deleted_at.map(deleted_at).unwrap_or_default();
    Ok(format!(
        "{members},\"version\":{version},\"createdAt\":\"{created_at}\",\
         \"updatedAt\":\"{updated_at}\",\"displayName\":{display_name}{deleted_at}}}"
    ))
}

fn deleted_at(at: Timestamp) -> String {
    format!(",\"deletedAt\":\"{at}\"")
}
