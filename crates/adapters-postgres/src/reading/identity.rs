//! Which database of which cluster a connection leads to.

use tokio_postgres::Row;
use tokio_postgres::types::Oid;

use crate::failure::Failure;

/// The columns that tell: a standby has both in common with its primary. The first is `NULL` where
/// the role may not ask for it, as may be with a managed service. That right is looked at before a
/// statement runs, even where `CASE` never comes to what needs it; so it is a statement of its own.
macro_rules! identity {
    () => {
        "CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN query_to_xml('SELECT system_identifier FROM pg_control_system()', true, true, '')
         END::text AS cluster,
         (SELECT oid FROM pg_database WHERE datname = current_database()) AS database"
    };
}

pub(super) use identity;

/// A database of a cluster.
#[derive(Debug)]
pub(super) struct Identity {
    /// Whatever tells it from others, unless the role may not know.
    cluster: Option<String>,
    database: Oid,
}

impl Identity {
    /// What a row with these columns tells.
    ///
    /// # Errors
    ///
    /// When it lacks them.
    pub(super) fn of(row: &Row) -> Result<Self, Failure> {
        Ok(Self { cluster: row.try_get("cluster")?, database: row.try_get("database")? })
    }

    /// That it may be of a standby of that primary. Of two clusters of which one is not known, it is
    /// taken for granted that they are the same.
    ///
    /// # Errors
    ///
    /// When it is of something else.
    pub(super) fn follows(&self, primary: &Self) -> Result<(), Failure> {
        if let (Some(own), Some(followed)) = (&self.cluster, &primary.cluster)
            && own != followed
        {
            return Err(Failure::unavailable("it follows another primary"));
        }
        if self.database != primary.database {
            return Err(Failure::unavailable("it is another database"));
        }
        Ok(())
    }
}
