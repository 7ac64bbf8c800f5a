//! The migrations as files: a folder each, with a way up and a way down.

use xtask::Failure;
use xtask::workspace::{self, TextFile};

/// A change of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) up: Script,
    /// What takes it back.
    pub(crate) down: Script,
}

/// Statements and the file that they are in.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) path: String,
    pub(crate) sql: String,
}

impl Migration {
    /// The migrations in a folder of the workspace, in the order of their names.
    ///
    /// # Errors
    ///
    /// When there are none, or one has no way down.
    pub(crate) fn all(folder: &str) -> Result<Vec<Self>, Failure> {
        Self::among(&workspace::text_files(folder)?, folder)
    }

    fn among(files: &[TextFile], folder: &str) -> Result<Vec<Self>, Failure> {
        let ups = files.iter().filter_map(|up| Some((up, up.path.strip_suffix("/up.sql")?)));
        let migrations = ups.map(|(up, name)| {
            let path = format!("{name}/down.sql");
            let down = files.iter().find(|file| file.path == path);
            let down = down.ok_or_else(|| Failure::Server(format!("{path} is missing")))?;
            Ok(Self { up: up.into(), down: down.into() })
        });
        let migrations = migrations.collect::<Result<Vec<_>, Failure>>()?;
        if migrations.is_empty() {
            return Err(Failure::Server(format!("no migrations in {folder}")));
        }
        Ok(migrations)
    }
}

impl From<&TextFile> for Script {
    fn from(file: &TextFile) -> Self {
        Self { path: file.path.clone(), sql: file.text.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(paths: &[&str]) -> String {
        let files = paths.iter().map(|path| TextFile { path: (*path).into(), text: String::new() });
        Migration::among(&files.collect::<Vec<_>>(), "m").unwrap_err().to_string()
    }

    #[test]
    fn every_migration_has_a_way_down() {
        assert_eq!(
            failure(&["m/1/down.sql", "m/1/up.sql", "m/2/up.sql"]),
            "m/2/down.sql is missing"
        );
        assert_eq!(failure(&["m/README.md"]), "no migrations in m");
    }
}
