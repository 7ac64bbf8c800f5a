//! Contacts with their relations and entries as they are stored, in one statement and so one
//! snapshot.

use std::sync::LazyLock;

use contacts_domain::auditing::{ContactKey, StoredContact};
use contacts_domain::{OrganizationId, Version};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::columns::{ContactColumns, ContactIndexes, EntryColumns, EntryIndexes, list};
use super::values::{Json, Moment};
use crate::connect::{Failure, Parameter, Session};

/// The contacts after a key, up to a number.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    select(
        "SELECT * FROM contact WHERE (organization_id, id) > ($1, $2)
          ORDER BY organization_id, id LIMIT $3",
    )
});

/// The contacts of these ids.
static NAMED: LazyLock<String> = LazyLock::new(|| {
    select(
        "SELECT named.*
           FROM unnest($2::bigint[]) AS wanted (id)
          CROSS JOIN LATERAL (
                SELECT * FROM contact WHERE organization_id = $1 AND id = wanted.id
                OFFSET 0) AS named",
    )
});

/// Selects the contacts of a subquery, with their relations and entries.
fn select(contacts: &str) -> String {
    let entry = |name: &&str| format!("entry.{name} AS entry_{name}");
    let entry: Vec<_> = EntryColumns::NAMES.iter().map(entry).collect();
    format!(
        "SELECT c.organization_id, {},
                ARRAY(SELECT to_id FROM contact_relation
                       WHERE organization_id = c.organization_id AND from_id = c.id) AS relations,
                {}
           FROM ({contacts}) AS c
           LEFT JOIN LATERAL (
                SELECT * FROM contact_intercom
                 WHERE organization_id = c.organization_id AND contact_id = c.id
                OFFSET 0) AS entry ON true
          ORDER BY c.organization_id, c.id",
        list("c.", ContactColumns::NAMES),
        entry.join(", ")
    )
}

/// Reads the contacts after a key, in the order of organizations and ids.
pub(crate) async fn page(
    session: &Session,
    after: Option<ContactKey>,
    at_most: u32,
) -> Result<Vec<StoredContact>, Failure> {
    let ContactKey { organization, id } =
        after.unwrap_or(ContactKey { organization: i32::MIN, id: i64::MIN });
    let at_most = i64::from(at_most);
    let parameters: [Parameter<'_>; 3] =
        [(&organization, Type::INT4), (&id, Type::INT8), (&at_most, Type::INT8)];
    contacts(&session.query(&PAGE, &parameters).await?)
}

/// Reads these contacts of an organization, living or deleted.
pub(crate) async fn named(
    session: &Session,
    organization: OrganizationId,
    ids: &[i64],
) -> Result<Vec<StoredContact>, Failure> {
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    contacts(&session.query(&NAMED, &parameters).await?)
}

fn contacts(rows: &[Row]) -> Result<Vec<StoredContact>, Failure> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let (at, entry_at) = (ContactIndexes::of(first, "")?, EntryIndexes::of(first, "entry_")?);
    let contact = |row: &Row| {
        let Moment(created_at) = row.try_get(at.created_at)?;
        let Moment(updated_at) = row.try_get(at.updated_at)?;
        let deleted_at: Option<Moment> = row.try_get(at.deleted_at)?;
        let Json(document) = row.try_get(at.document)?;
        let has_entry = row.try_get::<_, Option<i64>>(entry_at.contact_id)?.is_some();
        Ok(StoredContact {
            key: ContactKey {
                organization: row.try_get("organization_id")?,
                id: row.try_get(at.id)?,
            },
            columns: at.stored(row)?,
            version: Version::new(row.try_get(at.version)?),
            document_version: row.try_get(at.document_version)?,
            created_at,
            updated_at,
            deleted_at: deleted_at.map(|Moment(at)| at),
            document: document.to_owned(),
            relations: row.try_get("relations")?,
            entry: has_entry.then(|| entry_at.stored(row)).transpose()?,
        })
    };
    rows.iter().map(contact).collect()
}
