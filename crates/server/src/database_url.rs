//! Where the contacts live, as a URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use contacts_adapters_postgres::{PostgresUrl, UrlError};

use crate::failure::Failure;

const REMEDY: &str = "use sqlite://PATH or postgres://USER@HOST/DATABASE";

/// A database that this build can work on.
///
/// Errors and `Debug` never show the URL: one of a server has a password inside.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file: `sqlite://relative/path.db` or `sqlite:///absolute/path.db`.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host/database`.
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// The file in the working directory that is used when nothing is said.
    pub(crate) fn default_file() -> Self {
        Self::Sqlite(PathBuf::from("contact-hub.db"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = Failure;

    fn from_str(url: &str) -> Result<Self, Failure> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(Failure::new("the database URL has no scheme", REMEDY));
        };
        if scheme == "postgres" || scheme == "postgresql" {
            return Ok(Self::Postgres(Box::new(url.parse()?)));
        }
        if scheme != "sqlite" {
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            let named = scheme.chars().all(is_scheme).then(|| format!(" `{scheme}`"));
            let cause = format!(
                "the database URL has the scheme{}, which this build does not support",
                named.unwrap_or_default()
            );
            return Err(Failure::new(cause, REMEDY));
        }
        let path = Path::new(rest);
        if rest.is_empty() || rest.ends_with('/') {
            return Err(Failure::new("the database URL names no file", REMEDY));
        }
        if rest == ":memory:" {
            return Err(Failure::new("a database in memory would forget every contact", REMEDY));
        }
        if rest.contains(['?', '#']) {
            return Err(Failure::new("a SQLite database URL takes no parameters", REMEDY));
        }
        Ok(Self::Sqlite(path.to_owned()))
    }
}

impl From<UrlError> for Failure {
    fn from(error: UrlError) -> Self {
        Self::new(error.to_string(), error.remedy())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(_) => f.write_str("sqlite://…"),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_or_absolute() {
        for (url, path) in [
            ("sqlite://hub.db", "hub.db"),
            ("sqlite://data/hub.db", "data/hub.db"),
            ("sqlite://./hub.db", "./hub.db"),
            ("sqlite:///var/lib/hub.db", "/var/lib/hub.db"),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap(), DatabaseUrl::Sqlite(path.into()));
        }
    }

    #[test]
    fn a_server_goes_by_either_name() {
        for url in ["postgres://user:secret@host/db", "postgresql://user:secret@host/db"] {
            let DatabaseUrl::Postgres(read) = url.parse().unwrap() else { panic!("{url}") };
            assert_eq!((read.place().as_str(), read.database()), ("host:5432", "db"));
        }
        let failure = "postgres://user:secret@host".parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the database URL names no database; \
             write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"
        );
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_with_the_remedy_and_without_the_password() {
        for (url, cause) in [
            ("", "the database URL has no scheme"),
            ("hub.db", "the database URL has no scheme"),
            ("user:secret@host/db", "the database URL has no scheme"),
            (
                "mysql://user:secret@host/db",
                "the database URL has the scheme `mysql`, which this build does not support",
            ),
            (
                "user:secret@host://db",
                "the database URL has the scheme, which this build does not support",
            ),
            ("sqlite://", "the database URL names no file"),
            ("sqlite://:memory:", "a database in memory would forget every contact"),
            ("sqlite://a.db?mode=ro", "a SQLite database URL takes no parameters"),
        ] {
            let failure = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert_eq!(failure, format!("{cause}; {REMEDY}"), "{url}");
            assert!(!failure.contains("secret"), "{failure}");
        }
    }
}
