//! Values in the formats of PostgreSQL.

use std::error::Error;

use bytes::BytesMut;
use contacts_domain::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// A point in time, as a `timestamptz`: microseconds since 2000-01-01T00:00:00Z on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// From 1970-01-01 to 2000-01-01, in microseconds.
const EPOCHS_APART: i64 = 946_684_800_000_000;

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

/// A document, as `json`: a text on the wire.
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

/// Any `timestamptz`, as an audit reads it: a time out of range or an infinity becomes the nearest
/// [`Timestamp`].
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromSql<'_> for Moment {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_sql(&Type::INT8, raw)?.saturating_add(EPOCHS_APART);
        Ok(Self(Timestamp::from_micros(micros)))
    }

    accepts!(TIMESTAMPTZ);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_time_starts_in_the_year_2000() {
        for (micros, wire) in [(EPOCHS_APART, 0_i64), (0, -EPOCHS_APART), (EPOCHS_APART + 7, 7)] {
            let mut out = BytesMut::new();
            let instant = Instant(Timestamp::from_micros(micros));
            instant.to_sql(&Type::TIMESTAMPTZ, &mut out).unwrap();
            assert_eq!(out, wire.to_be_bytes().as_slice());
            assert_eq!(Instant::from_sql(&Type::TIMESTAMPTZ, &out).unwrap(), instant);
        }
    }

    #[test]
    fn time_out_of_range_is_an_error() {
        let instant = Instant(Timestamp::from_micros(i64::MIN));
        assert!(instant.to_sql(&Type::TIMESTAMPTZ, &mut BytesMut::new()).is_err());
        assert!(Instant::from_sql(&Type::TIMESTAMPTZ, &i64::MAX.to_be_bytes()).is_err());
    }
}
