//! `contact-hub backup`.

use std::path::PathBuf;

use clap::Args;
use contacts_adapters_diesel::sqlite::{self, BackupError};

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
/// When there is nothing to copy, or no place for the copy.
pub(crate) fn make(database: &DatabaseUrl, backup: &MakeBackup) -> Result<(), Failure> {
    let DatabaseUrl::Sqlite(path) = database;
    let backup = sqlite::back_up(path, &backup.file)?;
    printing::print(&format!(
        "{} is complete; contacts: {}, bytes: {}",
        backup.path.display(),
        backup.contacts,
        backup.bytes
    ))
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
