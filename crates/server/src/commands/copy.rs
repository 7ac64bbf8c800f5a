//! `contact-hub copy`.

use std::sync::Arc;

use clap::Args;
#[cfg(feature = "sqlite")]
use contacts_adapters_diesel::SqliteRows;
#[cfg(feature = "postgres")]
use contacts_adapters_postgres::PostgresRows;
use contacts_application::ports::{CopyError, StoredRows, Totals};
use contacts_application::use_cases::CopyRows;

use crate::config::DatabaseSettings;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::printing;

/// The arguments of `contact-hub copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyDatabase {
    /// The database to copy
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to copy to, which `contact-hub migrate` has made and nobody has used; without it,
    /// that of --database-url
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

/// Copies a database, and prints what each organization has.
///
/// # Errors
///
/// If a database is missing, has another schema or fails; if the one to copy to is not empty; if
/// anything differs after the copy. Nothing is copied then.
pub(crate) async fn run(
    settings: &DatabaseSettings,
    CopyDatabase { from, to }: &CopyDatabase,
) -> Result<(), Failure> {
    let to = to.as_deref().map_or_else(|| Ok(settings.url.clone()), str::parse)?;
    let from = open(from.parse()?, settings).await?;
    let totals = CopyRows::new(from, open(to, settings).await?).execute().await?;
    printing::print(&printed(&totals))
}

async fn open(
    url: DatabaseUrl,
    settings: &DatabaseSettings,
) -> Result<Arc<dyn StoredRows>, Failure> {
    let _ = settings;
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => Ok(Arc::new(SqliteRows::open(&path)?)),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            Ok(Arc::new(PostgresRows::open(&url, settings.postgres.clone()).await?))
        }
    }
}

fn printed(totals: &Totals) -> String {
    let lines = totals.of_organizations().map(|(organization, total)| {
        let whose = match organization {
            Some(id) => format!("organization {id}"),
            None => "tokens and counters".to_owned(),
        };
        let rows = total.rows.iter().map(|(table, rows)| format!("{table} {rows}"));
        let rows = rows.collect::<Vec<_>>().join(", ");
        format!("{whose}: {rows}; hash {:032x}", total.hash)
    });
    let lines = lines.chain(["everything is copied, and equal".to_owned()]);
    lines.collect::<Vec<_>>().join("\n")
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let remedy = match error {
            CopyError::Store(error) => return error.into(),
            CopyError::NotEmpty(_) => {
                "make a new one by `contact-hub migrate`, and start no server on it before"
            }
            CopyError::NoTable(_) => "copy a database of contact-hub alone",
            CopyError::Interrupted => "run it again",
            CopyError::Differs(_) => "nothing was copied; please report this",
        };
        Self::new(error.to_string(), remedy)
    }
}
