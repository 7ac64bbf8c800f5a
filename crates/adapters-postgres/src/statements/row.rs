//! Contacts, entries and organizations from rows.

use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::decision::AliasKey;
use contacts_domain::{ContactId, Digest, OrganizationId, RunId, Version};
use tokio_postgres::Row;

use super::columns::{ContactIndexes, EntryIndexes};
use super::values::{Instant, Json};
use crate::connect::Failure;

/// The contact in a row of that organization.
pub(crate) fn record(
    organization: OrganizationId,
    row: &Row,
    at: &ContactIndexes,
) -> Result<Record, Failure> {
    let id = contact_id(row.try_get(at.id)?)?;
    let projection = at.stored(row)?.read().map_err(|column| {
        Failure::corrupt(format_args!("contact {id}: `{column}` holds no value of its kind"))
    })?;
    let Instant(created_at) = row.try_get(at.created_at)?;
    let Instant(updated_at) = row.try_get(at.updated_at)?;
    let deleted_at: Option<Instant> = row.try_get(at.deleted_at)?;
    let Json(document) = row.try_get(at.document)?;
    let digest: Option<&[u8]> = row.try_get(at.digest)?;
    Ok(Record {
        id,
        organization,
        projection,
        version: Version::new(row.try_get(at.version)?),
        document_version: row.try_get(at.document_version)?,
        created_at,
        updated_at,
        deleted_at: deleted_at.map(|Instant(at)| at),
        document: document.to_owned(),
        digest: digest.and_then(Digest::from_bytes),
    })
}

/// The last run that changed the contact in a row.
pub(crate) fn last_run(row: &Row, at: &ContactIndexes) -> Result<Option<RunId>, Failure> {
    Ok(row.try_get::<_, Option<i64>>(at.run_id)?.and_then(RunId::new))
}

/// The entries in rows, each with the id of its contact.
pub(crate) fn entries(rows: &[Row]) -> Result<Vec<(ContactId, IntercomEntry)>, Failure> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let at = EntryIndexes::of(first, "")?;
    let entry = |row: &Row| {
        let id = contact_id(row.try_get(at.contact_id)?)?;
        let entry = at.stored(row)?.read().map_err(|column| {
            Failure::corrupt(format_args!(
                "entry of contact {id}: `{column}` holds no value of its kind"
            ))
        })?;
        Ok((id, entry))
    };
    rows.iter().map(entry).collect()
}

pub(crate) fn alias_key(kind: &str, value: &str) -> Result<AliasKey, Failure> {
    AliasKey::parse(kind, value)
        .ok_or_else(|| Failure::corrupt(format_args!("an alias of the kind {kind} cannot be read")))
}

pub(crate) fn contact_id(id: i64) -> Result<ContactId, Failure> {
    ContactId::new(id).ok_or_else(|| Failure::corrupt(format_args!("{id} is no contact id")))
}

pub(crate) fn organization_id(id: i32) -> Result<OrganizationId, Failure> {
    OrganizationId::new(id)
        .ok_or_else(|| Failure::corrupt(format_args!("{id} is no organization id")))
}
