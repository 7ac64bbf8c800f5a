//! `contact-hub backup`.

#[cfg(feature = "postgres")]
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
#[cfg(feature = "sqlite")]
use contacts_adapters_diesel::BackupError;
#[cfg(feature = "postgres")]
use contacts_adapters_postgres::PostgresUrl;

use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// The arguments of `contact-hub backup`.
#[derive(Debug, Args)]
pub(crate) struct MakeBackup {
    /// The file to create; it must not exist yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database, checks the copy, and prints what it holds.
///
/// # Errors
///
/// If the database is missing or damaged, if the copy cannot be written, and always for
/// PostgreSQL, which `pg_dump` copies.
pub(crate) fn make(
    database: &DatabaseUrl,
    MakeBackup { file }: &MakeBackup,
) -> Result<(), Failure> {
    match database {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => {
            let backup = contacts_adapters_diesel::back_up(path, file)?;
            crate::printing::print(&format!(
                "{} is complete; contacts: {}, bytes: {}",
                backup.path.display(),
                backup.contacts,
                backup.bytes
            ))
        }
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            let cause = "a PostgreSQL database is copied by its own program";
            Err(Failure::new(cause, format!("run `{}`", pg_dump(url, file))))
        }
    }
}

/// The `pg_dump` command for the database and the file, without the password.
#[cfg(feature = "postgres")]
fn pg_dump(url: &PostgresUrl, file: &Path) -> String {
    let (host, port) = url.host_and_port();
    let mut command = format!(
        "pg_dump --format=custom --file={} --host={} --port={port}",
        quoted(&file.display().to_string()),
        quoted(&host)
    );
    if let Some(user) = url.user() {
        command += &format!(" --username={}", quoted(user));
    }
    command + &format!(" --dbname={}", quoted(url.database()))
}

/// The text as one word of a shell command.
#[cfg(feature = "postgres")]
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,@+".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(feature = "sqlite")]
impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.to_string(), error.remedy())
    }
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use super::*;

    #[test]
    fn pg_dump_command_is_quoted_without_password() {
        for (url, file, command) in [
            (
                "postgres://hub:secret@db.example.org/contacts?sslmode=require",
                "copy.dump",
                "pg_dump --format=custom --file=copy.dump --host=db.example.org --port=5432 \
                 --username=hub --dbname=contacts",
            ),
            (
                "postgres://db:7/my%20hub",
                "it's.dump",
                r"pg_dump --format=custom --file='it'\''s.dump' --host=db --port=7 --dbname='my hub'",
            ),
        ] {
            assert_eq!(pg_dump(&url.parse().unwrap(), Path::new(file)), command);
        }
    }
}
