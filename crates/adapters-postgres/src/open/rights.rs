//! What the user of a database may do there, and what to grant when that is too little.

use tokio_postgres::error::SqlState;

use super::super::failure::Failure;
use super::super::session::Session;
use super::super::url::PostgresUrl;
use super::error::{self, OpenError, OpenErrorKind};

/// Who works on the database, as SQL takes the names.
pub(super) struct User {
    name: String,
    /// The schema that tables are looked up and made in.
    schema: String,
}

/// What a user was about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Look up which migrations were run.
    Read,
    /// Run those that were not.
    Migrate,
}

impl User {
    /// Who the connection belongs to.
    ///
    /// # Errors
    ///
    /// When there is no schema that they may use, or the database fails.
    pub(super) async fn of(session: &Session, url: &PostgresUrl) -> Result<Self, OpenError> {
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
        let Some(schema) = schema else {
            let cause = format_args!(
                "the user may use no schema of its search_path ({path}) in the database `{}`",
                url.database()
            );
            let remedy =
                format_args!("GRANT USAGE ON SCHEMA public TO {name}, or correct the search_path");
            return Err(OpenError::new(OpenErrorKind::NoRight, cause).with_remedy(remedy));
        };
        Ok(Self { name, schema })
    }

    /// Makes sure that they may read and write every table.
    ///
    /// # Errors
    ///
    /// When they may not, or the database fails.
    pub(super) async fn can_work(
        &self,
        session: &Session,
        url: &PostgresUrl,
    ) -> Result<(), OpenError> {
        const MISSING: &str = "
            SELECT string_agg(DISTINCT name, ', '), string_agg(DISTINCT lookup_keys, ', ')
            FROM unnest(ARRAY['api_token', 'contact', 'contact_alias', 'contact_intercom',
                    'contact_relation', 'id_counter', 'organization']) name,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) lookup_keys
            WHERE NOT has_table_privilege(to_regclass(name), lookup_keys)";
        let missing = async {
            let rows = session.query(MISSING, &[]).await?;
            let row =
                rows.first().ok_or_else(|| Failure::internal("the server knows no rights"))?;
            Ok((row.try_get(0)?, row.try_get(1)?))
        };
        match missing.await.map_err(|failure: Failure| error::reported(url, &failure))? {
            (Some::<String>(tables), Some::<String>(rights)) => {
                let database = url.database();
                let cause = format_args!(
                    "the user lacks {rights} on {tables} in the database `{database}`"
                );
                let grant = format_args!("GRANT {rights} ON {tables} TO {}", self.name);
                Err(OpenError::new(OpenErrorKind::NoRight, cause).with_remedy(grant))
            }
            _ => Ok(()),
        }
    }

    /// What the report of the server about that work means.
    pub(super) fn cannot(&self, url: &PostgresUrl, failure: &Failure, work: Work) -> OpenError {
        let error = error::reported(url, failure);
        if failure.state() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return error;
        }
        let Self { name, schema } = self;
        match work {
            Work::Read => error.with_remedy(format_args!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}"
            )),
            Work::Migrate => error.with_remedy(format_args!(
                "GRANT CREATE ON SCHEMA {schema} TO {name}, or migrate as the owner of the tables"
            )),
        }
    }
}
