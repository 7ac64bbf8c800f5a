//! The file that keeps the first token.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf, absolute};

/// A file with a token, which only the user of this process can read.
#[derive(Debug)]
pub(super) struct TokenFile(PathBuf);

impl TokenFile {
    /// Creates the file. An existing one is never replaced.
    ///
    /// # Errors
    ///
    /// If the file exists or cannot be written.
    pub(super) fn create(path: &Path, token: &str) -> io::Result<Self> {
        let path = absolute(path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = |mut file: File| writeln!(file, "{token}").and_then(|()| file.sync_all());
        let (written, kept) = (write(options.open(&path)?), Self(path));
        match written {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.remove();
                Err(error)
            }
        }
    }

    /// Its absolute path.
    pub(super) fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// Removes the file, whose token is of no use.
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(file = %self.0.display(), %error, "cannot remove the file of a token");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.first-token");
        fs::write(&path, "of somebody").unwrap();
        let error = TokenFile::create(&path, "chub_0").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "of somebody");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.first-token");
        let file = TokenFile::create(&path, "chub_0").unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "chub_0\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        file.remove();
        assert!(!path.exists());
    }
}
