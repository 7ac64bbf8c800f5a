//! Tables in partitions, by hash of the organization (docs/adr/0037).
//!
//! Migrations make plain tables. In a partitioned database, those that grow become partitioned after
//! the migrations, with what the catalogue says of them: so each migration is written once.

use contacts_application::ports::OpenError;
use tokio_postgres::types::Type;

use super::error::{self, unusable};
use super::tables::TABLES;
use crate::connect::{Failure, Parameter, PostgresUrl, Session};

const COUNT: &str = "
    SELECT count(*)::integer FROM pg_inherits WHERE inhparent = to_regclass('contact')";

/// The statements that put a table with so many partitions ($2) in the place of each plain one of ours
/// ($1) that grows with the contacts: its primary key begins with the organization, and does not end
/// there. They are written from the catalogue before any of them runs.
const STATEMENTS: &str = include_str!("partitions.sql");

/// The statements that name the indexes of partitions after those of our tables ($1): they tell which
/// key is taken (`contact_external_id_7`).
const NAMES: &str = "
    SELECT format('ALTER INDEX %I RENAME TO %I', index, name)
      FROM (SELECT part.relname AS index,
                   whole.relname || substring(p.indrelid::regclass::text FROM '_[0-9]+$') AS name
              FROM pg_inherits
              JOIN pg_class AS part ON part.oid = inhrelid
              JOIN pg_class AS whole ON whole.oid = inhparent
              JOIN pg_index AS p ON p.indexrelid = part.oid
              JOIN pg_index AS w ON w.indexrelid = whole.oid
              JOIN unnest($1::text[]) AS ours ON to_regclass(ours) = w.indrelid) AS named
     WHERE index <> name";

/// How many partitions the tables have; 0 if they are not partitioned.
pub(super) async fn count(session: &Session) -> Result<i32, Failure> {
    let rows = session.query(COUNT, &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::internal("a count without a row"))?;
    Ok(row.try_get(0)?)
}

/// Partitions the tables that are not, with their rows.
pub(super) async fn partition(session: &Session, partitions: i32) -> Result<(), Failure> {
    let ours: Parameter<'_> = (&TABLES.as_slice(), Type::TEXT_ARRAY);
    let number: Parameter<'_> = (&partitions, Type::INT4);
    for row in session.query(STATEMENTS, &[ours.clone(), number]).await? {
        session.batch(row.try_get(0)?).await?;
    }
    for row in session.query(NAMES, &[ours]).await? {
        session.batch(row.try_get(0)?).await?;
    }
    Ok(())
}

/// Refuses a database that has a schema with another number of partitions.
pub(super) async fn check(
    session: &Session,
    url: &PostgresUrl,
    expected: u16,
) -> Result<(), OpenError> {
    let found = count(session).await.map_err(|failure| error::reported(url, &failure))?;
    if found == i32::from(expected) {
        return Ok(());
    }
    let database = url.database();
    let message = match found {
        0 => format!("the database `{database}` has tables already, which are not partitioned"),
        _ => format!("the database `{database}` has tables already, in {found} partitions"),
    };
    Err(unusable(
        message,
        "make a new database with --partitions, and move the contacts there by `contact-hub copy`",
    ))
}
