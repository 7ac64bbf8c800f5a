//! Where the contacts are stored, as a URL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "postgres")]
use contacts_adapters_postgres::PostgresUrl;

use crate::failure::Failure;

const REMEDY: &str = match (cfg!(feature = "sqlite"), cfg!(feature = "postgres")) {
    (true, true) => "use sqlite://PATH or postgres://USER@HOST/DATABASE",
    (true, false) => "use sqlite://PATH",
    _ => "use postgres://USER@HOST/DATABASE",
};

/// A database that this build supports.
///
/// Errors and `Debug` never show the URL: that of a PostgreSQL database may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file: `sqlite://relative/path.db` or `sqlite:///absolute/path.db`.
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host/database`.
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// Whether it names a PostgreSQL database.
    pub(crate) fn is_postgres(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// The URL for people: without a password and without parameters.
    pub(crate) fn without_password(&self) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => {
                let user = url.user().map(|user| format!("{user}@")).unwrap_or_default();
                format!("postgres://{user}{}/{}", url.place(), url.database())
            }
        }
    }

    /// The file for the first token of the database: beside that of SQLite, else in the working
    /// directory.
    pub(crate) fn first_token_file(&self) -> PathBuf {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => path.with_extension("first-token"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "contact-hub.first-token".into(),
        }
    }

    #[cfg(feature = "sqlite")]
    fn sqlite(path: &str) -> Result<Self, Failure> {
        if path.is_empty() || path.ends_with('/') {
            return Err(Failure::new("the database URL names no file", REMEDY));
        }
        if path == ":memory:" {
            return Err(Failure::new("a database in memory would forget every contact", REMEDY));
        }
        if path.contains(['?', '#']) {
            return Err(Failure::new("a SQLite database URL takes no parameters", REMEDY));
        }
        Ok(Self::Sqlite(path.into()))
    }

    #[cfg(not(feature = "sqlite"))]
    fn sqlite(_: &str) -> Result<Self, Failure> {
        Err(not_built_in("SQLite", "sqlite"))
    }

    #[cfg(feature = "postgres")]
    fn postgres(url: &str) -> Result<Self, Failure> {
        Ok(Self::Postgres(Box::new(url.parse()?)))
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(_: &str) -> Result<Self, Failure> {
        Err(not_built_in("PostgreSQL", "postgres"))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn not_built_in(database: &str, feature: &str) -> Failure {
    let cause = format!("this build of contact-hub has no {database} store");
    Failure::new(cause, format!("{REMEDY}, or build it with the feature `{feature}`"))
}

impl FromStr for DatabaseUrl {
    type Err = Failure;

    fn from_str(url: &str) -> Result<Self, Failure> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(Failure::new("the database URL has no scheme", REMEDY));
        };
        match scheme {
            "sqlite" => Self::sqlite(rest),
            "postgres" | "postgresql" => Self::postgres(url),
            _ => {
                // Anything else before `://` may be part of a password.
                let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                let named = scheme.chars().all(is_scheme).then(|| format!(" `{scheme}`"));
                let cause = format!(
                    "the database URL has the scheme{}, which this build does not support",
                    named.unwrap_or_default()
                );
                Err(Failure::new(cause, REMEDY))
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => f.write_str("sqlite://…"),
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    #[test]
    fn sqlite_path_is_relative_or_absolute() {
        for (url, path) in [
            ("sqlite://hub.db", "hub.db"),
            ("sqlite://data/hub.db", "data/hub.db"),
            ("sqlite://./hub.db", "./hub.db"),
            ("sqlite:///var/lib/hub.db", "/var/lib/hub.db"),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap(), DatabaseUrl::Sqlite(path.into()));
        }
    }

    #[cfg(all(feature = "sqlite", feature = "postgres"))]
    #[test]
    fn both_postgres_schemes_are_read() {
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

    #[cfg(feature = "sqlite")]
    #[test]
    fn wrong_url_is_refused_without_the_password() {
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

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn store_that_is_not_built_in_is_refused() {
        let failure = "postgres://user:secret@host/db".parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(
            failure.to_string(),
            "this build of contact-hub has no PostgreSQL store; \
             use sqlite://PATH, or build it with the feature `postgres`"
        );
    }

    #[cfg(not(feature = "sqlite"))]
    #[test]
    fn store_that_is_not_built_in_is_refused() {
        let failure = "sqlite://contact-hub.db".parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(
            failure.to_string(),
            "this build of contact-hub has no SQLite store; \
             use postgres://USER@HOST/DATABASE, or build it with the feature `sqlite`"
        );
    }
}
