//! `contact-hub backup`.

use std::path::{Path, PathBuf};

use clap::Args;
use contacts_adapters_diesel::BackupError;
use contacts_adapters_postgres::PostgresUrl;

use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::printing;

/// A copy to make.
#[derive(Debug, Args)]
pub(crate) struct MakeBackup {
    /// The file to make; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database, checks the copy, and says what is in it.
///
/// # Errors
///
/// When there is nothing to copy, or no place for the copy; and where the database is in
/// PostgreSQL, which has a program for that.
pub(crate) fn make(
    database: &DatabaseUrl,
    MakeBackup { file }: &MakeBackup,
) -> Result<(), Failure> {
    let path = match database {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(url) => {
            let cause = "a PostgreSQL database is copied by its own program";
            return Err(Failure::new(cause, format!("run `{}`", pg_dump(url, file))));
        }
    };
    let backup = contacts_adapters_diesel::back_up(path, file)?;
    printing::print(&format!(
        "{} is complete; contacts: {}, bytes: {}",
        backup.path.display(),
        backup.contacts,
        backup.bytes
    ))
}

/// The command that copies that database into that file, without the password.
fn pg_dump(url: &PostgresUrl, file: &Path) -> String {
    let (host, port) = url.host_and_port();
    let mut command = format!(
        "pg_dump --format=custom --file={} --host={} --port={port}",
        word(&file.display().to_string()),
        word(&host)
    );
    if let Some(user) = url.user() {
        command += &format!(" --username={}", word(user));
    }
    command + &format!(" --dbname={}", word(url.database()))
}

/// A text as a word of a shell.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,@+".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Missing(path) => Self::new(
                format!("there is no database {}", path.display()),
                "name another with --database-url",
            ),
            BackupError::Database(error) => error.into(),
            BackupError::NoContacts(path) => Self::new(
                format!("{} holds no contacts", path.display()),
                "name the database of a hub with --database-url",
            ),
            BackupError::Damaged { path, fault } => Self::new(
                format!("{} is damaged: {fault}", path.display()),
                "keep the backups that you have, and restore one",
            ),
            BackupError::Exists(path) => Self::new(
                format!("{} exists already", path.display()),
                "name another file, or remove it",
            ),
            BackupError::NoPath(path) => Self::new(
                format!("`{}` cannot be the path of a backup", path.display()),
                "name a file, in UTF-8",
            ),
            BackupError::NoDirectory(path) => Self::new(
                format!("the directory {} does not exist", path.display()),
                "create it, or name another file",
            ),
            BackupError::NoRoom(directory) => Self::new(
                format!("there is no room for the backup in {}", directory.display()),
                "free some, or name a file elsewhere",
            ),
            BackupError::Unwritable { directory, source } => Self::because(
                format_args!("the backup cannot be written in {}", directory.display()),
                &source,
                "allow it, or name a file elsewhere",
            ),
            other => Self::new(other.to_string(), "check the disk and the file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_postgres_can_be_pasted_and_has_no_password() {
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
