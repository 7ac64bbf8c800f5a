//! Values as PostgreSQL takes and gives them, and the rows of contacts and organizations.

use std::error::Error;

use bytes::BytesMut;
use contacts_application::access::Organization;
use contacts_domain::contact::{ContactType, Projection, Record};
use contacts_domain::decision::AliasKey;
use contacts_domain::value::{CountryCode, LinkId};
use contacts_domain::{ContactId, OrganizationId, Timestamp, Version};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};
use uuid::Uuid;

use crate::connect::Failure;

/// A point in time, as a `timestamptz`: microseconds since 2000-01-01T00:00:00Z on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// From 1970-01-01 to 2000-01-01, in microseconds.
pub(crate) const EPOCHS_APART: i64 = 946_684_800_000_000;

impl ToSql for Instant {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let micros = self.0.micros().checked_sub(EPOCHS_APART).ok_or("a time out of range")?;
        micros.to_sql(&Type::INT8, out)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl FromSql<'_> for Instant {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_sql(&Type::INT8, raw)?;
        let micros = micros.checked_add(EPOCHS_APART).ok_or("a time out of range")?;
        Ok(Self(Timestamp::from_micros(micros)))
    }

    accepts!(TIMESTAMPTZ);
}

/// A document, as `json`: text on the wire, which neither side reads more often than it must.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<'a>(pub(crate) &'a str);

impl ToSql for Json<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(&Type::TEXT, out)
    }

    accepts!(JSON);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(<&str>::from_sql(&Type::TEXT, raw)?))
    }

    accepts!(JSON);
}

/// The contact in a row of that organization. Its columns come in the order in which this reads
/// them, whatever follows.
///
/// # Errors
///
/// When a column does not hold what it should.
pub(crate) fn record(organization: OrganizationId, row: &Row) -> Result<Record, Failure> {
    let id = contact_id(row.try_get(0)?)?;
    let contact_type = ContactType::parse(row.try_get(1)?)
        .ok_or_else(|| Failure::corrupt(format_args!("contact {id} has no known type")))?;
    let link_id: Option<Uuid> = row.try_get(3)?;
    let link_id = link_id
        .map(|uuid| {
            LinkId::from_uuid(uuid)
                .ok_or_else(|| Failure::corrupt(format_args!("contact {id} has the nil link id")))
        })
        .transpose()?;
    let Instant(created_at) = row.try_get(15)?;
    let Instant(updated_at) = row.try_get(16)?;
    let deleted_at: Option<Instant> = row.try_get(17)?;
    let Json(document) = row.try_get(18)?;
    Ok(Record {
        id,
        organization,
        projection: Projection {
            contact_type,
            external_id: row.try_get(2)?,
            link_id,
            display_name: row.try_get(4)?,
            email: row.try_get(5)?,
            phone: row.try_get(6)?,
            mobile: row.try_get(7)?,
            vat_number: row.try_get(8)?,
            archived: row.try_get(9)?,
            is_customer: row.try_get(10)?,
            is_vendor: row.try_get(11)?,
            is_staff: row.try_get(12)?,
        },
        version: Version::new(row.try_get(13)?),
        document_version: row.try_get(14)?,
        created_at,
        updated_at,
        deleted_at: deleted_at.map(|Instant(at)| at),
        document: document.to_owned(),
    })
}

/// The organization in a row of its id, name and region.
///
/// # Errors
///
/// When a column does not hold what it should.
pub(crate) fn organization(row: &Row) -> Result<Organization, Failure> {
    let id = organization_id(row.try_get(0)?)?;
    let region = CountryCode::parse(row.try_get(2)?)
        .map_err(|error| Failure::corrupt(format_args!("organization {id}: {error}")))?;
    Ok(Organization { id, name: row.try_get(1)?, region })
}

/// The alias of that kind and value.
pub(crate) fn alias_key(kind: &str, value: &str) -> Result<AliasKey, Failure> {
    AliasKey::parse(kind, value)
        .ok_or_else(|| Failure::corrupt(format_args!("an alias of the kind {kind} cannot be read")))
}

/// The id in a row.
///
/// # Errors
///
/// When it can be none.
pub(crate) fn contact_id(id: i64) -> Result<ContactId, Failure> {
    ContactId::new(id).ok_or_else(|| Failure::corrupt(format_args!("{id} is no contact id")))
}

/// The id of an organization in a row.
///
/// # Errors
///
/// When it can be none.
pub(crate) fn organization_id(id: i32) -> Result<OrganizationId, Failure> {
    OrganizationId::new(id)
        .ok_or_else(|| Failure::corrupt(format_args!("{id} is no organization id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_from_the_year_2000_on_the_wire() {
        for (micros, wire) in [(EPOCHS_APART, 0_i64), (0, -EPOCHS_APART), (EPOCHS_APART + 7, 7)] {
            let mut out = BytesMut::new();
            let instant = Instant(Timestamp::from_micros(micros));
            instant.to_sql(&Type::TIMESTAMPTZ, &mut out).unwrap();
            assert_eq!(out, wire.to_be_bytes().as_slice());
            assert_eq!(Instant::from_sql(&Type::TIMESTAMPTZ, &out).unwrap(), instant);
        }
    }

    #[test]
    fn a_time_that_does_not_fit_is_an_error_and_no_other_time() {
        let instant = Instant(Timestamp::from_micros(i64::MIN));
        assert!(instant.to_sql(&Type::TIMESTAMPTZ, &mut BytesMut::new()).is_err());
        assert!(Instant::from_sql(&Type::TIMESTAMPTZ, &i64::MAX.to_be_bytes()).is_err());
    }
}
