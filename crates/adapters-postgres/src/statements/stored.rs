//! Contacts as they stand, with their relations and entries: one statement, so one moment.

use std::error::Error;

use contacts_domain::auditing::{ContactKey, StoredColumns, StoredContact, StoredEntry};
use contacts_domain::{ContactId, OrganizationId, Timestamp, Version};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type, accepts};
use uuid::Uuid;

use super::row::{EPOCHS_APART, Json};
use crate::connect::{Failure, Parameter, Session};

/// The contacts that a subquery selects, each with what stands beside it.
macro_rules! standing {
    ($contacts:literal) => {
        concat!(
            "SELECT c.organization_id, c.id, c.contact_type, c.external_id, c.link_id,
                    c.display_name, c.email, c.phone, c.mobile, c.vat_number,
                    c.archived, c.is_customer, c.is_vendor, c.is_staff,
                    c.version, c.document_version,
                    c.created_at, c.updated_at, c.deleted_at, c.document,
                    ARRAY(SELECT to_id FROM contact_relation
                           WHERE organization_id = c.organization_id AND from_id = c.id),
                    entry.contact_id IS NOT NULL, entry.link_id, entry.name, entry.kind,
                    entry.number, entry.is_favorite, entry.auto_answer, entry.in_black_list,
                    entry.is_p2p, entry.ringtone
               FROM (",
            $contacts,
            ") AS c
               LEFT JOIN LATERAL (
                    SELECT * FROM contact_intercom
                     WHERE organization_id = c.organization_id AND contact_id = c.id
                    OFFSET 0) AS entry ON true
              ORDER BY c.organization_id, c.id"
        )
    };
}

/// Those after a place, as many as are asked for.
pub(crate) const PAGE: &str = standing!(
    "SELECT * FROM contact WHERE (organization_id, id) > ($1, $2)
      ORDER BY organization_id, id LIMIT $3"
);

/// Those of these ids.
pub(crate) const NAMED: &str = standing!(
    "SELECT named.*
       FROM unnest($2::bigint[]) AS wanted (id)
      CROSS JOIN LATERAL (
            SELECT * FROM contact WHERE organization_id = $1 AND id = wanted.id
            OFFSET 0) AS named"
);

/// At most that many contacts after a place, by organization and id.
///
/// # Errors
///
/// When the database fails.
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
    session.query(PAGE, &parameters).await?.iter().map(contact).collect()
}

/// These contacts of an organization, living or deleted.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn named(
    session: &Session,
    organization: OrganizationId,
    ids: &[i64],
) -> Result<Vec<StoredContact>, Failure> {
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    session.query(NAMED, &parameters).await?.iter().map(contact).collect()
}

/// The ids as numbers, lowest first.
pub(crate) fn numbers(ids: &[ContactId]) -> Vec<i64> {
    let mut numbers: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    numbers.sort_unstable();
    numbers
}

fn contact(row: &Row) -> Result<StoredContact, Failure> {
    let link_id: Option<Uuid> = row.try_get(4)?;
    let Moment(created_at) = row.try_get(16)?;
    let Moment(updated_at) = row.try_get(17)?;
    let deleted_at: Option<Moment> = row.try_get(18)?;
    let Json(document) = row.try_get(19)?;
    let has_entry: bool = row.try_get(21)?;
    Ok(StoredContact {
        key: ContactKey { organization: row.try_get(0)?, id: row.try_get(1)? },
        columns: StoredColumns {
            contact_type: row.try_get(2)?,
            external_id: row.try_get(3)?,
            link_id: link_id.map(|link_id| link_id.to_string()),
            display_name: row.try_get(5)?,
            email: row.try_get(6)?,
            phone: row.try_get(7)?,
            mobile: row.try_get(8)?,
            vat_number: row.try_get(9)?,
            archived: row.try_get(10)?,
            is_customer: row.try_get(11)?,
            is_vendor: row.try_get(12)?,
            is_staff: row.try_get(13)?,
        },
        version: Version::new(row.try_get(14)?),
        document_version: row.try_get(15)?,
        created_at,
        updated_at,
        deleted_at: deleted_at.map(|Moment(at)| at),
        document: document.to_owned(),
        relations: row.try_get(20)?,
        entry: if has_entry { Some(entry(row)?) } else { None },
    })
}

fn entry(row: &Row) -> Result<StoredEntry, Failure> {
    Ok(StoredEntry {
        link_id: row.try_get(22)?,
        name: row.try_get(23)?,
        kind: row.try_get(24)?,
        number: row.try_get(25)?,
        is_favorite: row.try_get(26)?,
        auto_answer: row.try_get(27)?,
        in_black_list: row.try_get(28)?,
        is_p2p: row.try_get(29)?,
        ringtone: row.try_get(30)?,
    })
}

/// A point in time, whatever it is: PostgreSQL knows times that do not fit, and two that never come.
struct Moment(Timestamp);

impl FromSql<'_> for Moment {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_sql(&Type::INT8, raw)?.saturating_add(EPOCHS_APART);
        Ok(Self(Timestamp::from_micros(micros)))
    }

    accepts!(TIMESTAMPTZ);
}
