//! A contact as the API shows it: its document, with what the server adds.

use std::io::Write as _;

use contacts_domain::contact::Record;
use serde_json::{Error, Value};

use crate::problem::Problem;
use crate::problem::corrupt::require_readable;
use crate::reply::redaction::Redaction;

/// The contact as JSON: the document without what the caller may not see, then `version`,
/// `createdAt`, `updatedAt`, `displayName` and, of a deleted contact, `deletedAt`.
///
/// Fails if the document cannot be read.
pub(crate) fn contact_body(record: &Record, redaction: Redaction) -> Result<Vec<u8>, Problem> {
    require_readable(record)?;
    let mut body = Vec::with_capacity(record.document.len() + 256);
    write(record, redaction, &mut body).map_err(Problem::internal)?;
    Ok(body)
}

/// Writes the contact without reading its document.
pub(crate) fn write(record: &Record, redaction: Redaction, out: &mut Vec<u8>) -> Result<(), Error> {
    let document = redaction.document(&record.document)?;
    let members = document.trim_ascii_end().strip_suffix('}').unwrap_or_default();
    let version = record.version;
    let (created_at, updated_at) = (record.created_at, record.updated_at);
    let display_name = Value::from(record.projection.display_name.as_str());
    write!(
        out,
        "{members},\"version\":{version},\"createdAt\":\"{created_at}\",\
         \"updatedAt\":\"{updated_at}\",\"displayName\":{display_name}"
    )
    .map_err(Error::io)?;
    if let Some(at) = record.deleted_at {
        write!(out, ",\"deletedAt\":\"{at}\"").map_err(Error::io)?;
    }
    out.push(b'}');
    Ok(())
}
