//! A SQLite database in memory.

use std::collections::BTreeSet;

use anyhow::Result;
use rusqlite::Connection;

use crate::database::Database;

/// An empty database that ends when dropped.
#[derive(Debug)]
pub(crate) struct Sqlite(Connection);

impl Sqlite {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Connection::open_in_memory()?))
    }

    fn lines(&self) -> rusqlite::Result<BTreeSet<String>> {
        self.0
            .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")?
            .query_map([], |row| {
                let [kind, name, sql] = [row.get(0)?, row.get(1)?, row.get::<_, String>(2)?];
                Ok(format!("{kind} {name}: {}", plain(&sql)))
            })?
            .collect()
    }
}

impl Database for Sqlite {
    fn run(&mut self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn catalogue(&mut self) -> Result<BTreeSet<String>> {
        Ok(self.lines()?)
    }
}

/// The statement without comments, quotes and extra spaces. SQLite stores the text that created a
/// table and edits it: a renamed table has its name in quotes.
fn plain(sql: &str) -> String {
    let mut text = String::new();
    let mut rest = sql;
    while let Some(start) = rest.chars().next() {
        let length = match start {
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ => start.len_utf8(),
        };
        let (token, further) = rest.split_at(length);
        rest = further;
        if token.starts_with("--") || start.is_whitespace() {
            if !text.ends_with([' ', '(', ',']) {
                text.push(' ');
            }
        } else if start != '"' {
            if ['(', ',', ')'].contains(&start) {
                text.truncate(text.trim_end().len());
            }
            text.push_str(token);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_shows_every_change() {
        let mut database = Sqlite::new().unwrap();
        let mut before = database.catalogue().unwrap();
        for change in [
            "CREATE TABLE t (a INTEGER NOT NULL, b TEXT DEFAULT '--', CHECK (a > 0))",
            "ALTER TABLE t ADD COLUMN c TEXT COLLATE NOCASE",
            "ALTER TABLE t RENAME COLUMN c TO d",
            "CREATE UNIQUE INDEX i ON t (a) WHERE b IS NOT NULL",
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END",
            "DROP INDEX i",
        ] {
            database.run(change).unwrap();
            let after = database.catalogue().unwrap();
            assert_ne!(before, after, "{change}");
            before = after;
        }
    }

    #[test]
    fn table_created_again_is_the_same() {
        let mut database = Sqlite::new().unwrap();
        database.run("CREATE TABLE t (\n    a TEXT, -- ours\n    b INTEGER DEFAULT 1\n)").unwrap();
        let before = database.catalogue().unwrap();
        database
            .run(
                "CREATE TABLE n (a TEXT, b INTEGER DEFAULT 1); DROP TABLE t;
                 ALTER TABLE n RENAME TO t",
            )
            .unwrap();
        assert_eq!(database.catalogue().unwrap(), before);
        assert_eq!(
            before.into_iter().collect::<Vec<_>>(),
            ["table t: CREATE TABLE t(a TEXT,b INTEGER DEFAULT 1)"]
        );
    }
}
