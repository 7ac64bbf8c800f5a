//! The identity of a database: its cluster and its id.

use tokio_postgres::Row;
use tokio_postgres::types::Oid;

use crate::connect::Failure;

/// Two columns that a standby has in common with its primary. The first is `NULL` if the role may not
/// read it, as with some managed services. PostgreSQL checks that right when a statement starts, even
/// in a `CASE` branch that is never evaluated, so the function is called in a statement of its own.
macro_rules! identity {
    () => {
        "CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN query_to_xml('SELECT system_identifier FROM pg_control_system()', true, true, '')
         END::text AS cluster,
         (SELECT oid FROM pg_database WHERE datname = current_database()) AS database"
    };
}

pub(crate) use identity;

/// A database of a cluster.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The system identifier, unless the role may not read it.
    cluster: Option<String>,
    database: Oid,
}

impl Identity {
    pub(crate) fn of(row: &Row) -> Result<Self, Failure> {
        Ok(Self { cluster: row.try_get("cluster")?, database: row.try_get("database")? })
    }

    /// Checks that this may be a standby of that primary. Clusters of which one is unknown count as
    /// the same.
    pub(crate) fn check_follows(&self, primary: &Self) -> Result<(), Failure> {
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
