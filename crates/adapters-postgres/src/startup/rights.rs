//! The rights of the database user, and what to grant if they do not suffice.

use contacts_application::ports::OpenError;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::error::{self, unusable};
use super::tables::TABLES;
use crate::connect::{Failure, Parameter, PostgresUrl, Session};

/// The user of the session and the schema of its tables, quoted for SQL.
pub(crate) struct User {
    name: String,
    schema: String,
}

/// The step that fails for lack of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    ReadMigrations,
    RunMigrations,
}

impl User {
    /// Reads the user of the session. It needs a schema that it may use.
    pub(crate) async fn of(session: &Session, url: &PostgresUrl) -> Result<Self, OpenError> {
        const SELF: &str = "
            SELECT quote_ident(current_user), quote_ident(current_schema()),
                current_setting('search_path')";
        let found = async {
            let rows = session.query(SELF, &[]).await?;
            let row = rows.first().ok_or_else(|| Failure::internal("the server knows no user"))?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
        };
        let (name, schema, path): (String, Option<String>, String) =
            found.await.map_err(|failure: Failure| error::reported(url, &failure))?;
        match schema {
            Some(schema) => Ok(Self { name, schema }),
            None => Err(unusable(
                format!(
                    "the user may use no schema of its search_path ({path}) in the database `{}`",
                    url.database()
                ),
                format!("GRANT USAGE ON SCHEMA public TO {name}, or correct the search_path"),
            )),
        }
    }

    /// Checks that the user may read and write every table.
    pub(crate) async fn check(
        &self,
        session: &Session,
        url: &PostgresUrl,
    ) -> Result<(), OpenError> {
        const MISSING: &str = "
            SELECT string_agg(DISTINCT name, ', '), string_agg(DISTINCT needed, ', ')
            FROM unnest($1::text[]) name,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) needed
            WHERE NOT has_table_privilege(to_regclass(name), needed)";
        let missing = async {
            let tables: [Parameter<'_>; 1] = [(&TABLES.as_slice(), Type::TEXT_ARRAY)];
            let rows = session.query(MISSING, &tables).await?;
            let row =
                rows.first().ok_or_else(|| Failure::internal("the server knows no rights"))?;
            Ok((row.try_get(0)?, row.try_get(1)?))
        };
        match missing.await.map_err(|failure: Failure| error::reported(url, &failure))? {
            (Some::<String>(tables), Some::<String>(rights)) => Err(unusable(
                format!("the user lacks {rights} on {tables} in the database `{}`", url.database()),
                format!("GRANT {rights} ON {tables} TO {}", self.name),
            )),
            _ => Ok(()),
        }
    }

    /// The error of that step; if a right is missing, with the SQL that grants it.
    pub(crate) fn error(&self, url: &PostgresUrl, failure: &Failure, work: Work) -> OpenError {
        let error = error::reported(url, failure);
        if failure.state() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return error;
        }
        let Self { name, schema } = self;
        let grant = match work {
            Work::ReadMigrations => format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}"
            ),
            Work::RunMigrations => format!(
                "GRANT CREATE ON SCHEMA {schema} TO {name}, or migrate as the owner of the tables"
            ),
        };
        OpenError::new(error.kind(), error.to_string(), grant)
    }
}
