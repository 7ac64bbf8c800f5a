//! The files of the migrations: a folder each, with a way up and a way down.

use anyhow::{Result, anyhow, bail};
use xtask::workspace::{self, TextFile};

/// A change of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) up: Script,
    pub(crate) down: Script,
}

/// Statements and their file.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) path: String,
    pub(crate) sql: String,
}

impl Migration {
    /// The migrations in a folder of the workspace, ordered by name.
    pub(crate) fn all(folder: &str) -> Result<Vec<Self>> {
        Self::among(&workspace::text_files(folder)?, folder)
    }

    fn among(files: &[TextFile], folder: &str) -> Result<Vec<Self>> {
        let ups = files.iter().filter_map(|up| Some((up, up.path.strip_suffix("/up.sql")?)));
        let migrations = ups.map(|(up, name)| {
            let path = format!("{name}/down.sql");
            let down = files.iter().find(|file| file.path == path);
            let down = down.ok_or_else(|| anyhow!("{path} is missing"))?;
            Ok(Self { up: up.into(), down: down.into() })
        });
        let migrations = migrations.collect::<Result<Vec<_>>>()?;
        if migrations.is_empty() {
            bail!("no migrations in {folder}");
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
    fn every_migration_needs_a_way_down() {
        assert_eq!(
            failure(&["m/1/down.sql", "m/1/up.sql", "m/2/up.sql"]),
            "m/2/down.sql is missing"
        );
        assert_eq!(failure(&["m/README.md"]), "no migrations in m");
    }
}
