//! Opening a database: checks of the server and the rights, and migrations.

mod error;
pub(crate) mod migrations;
mod partitions;
mod rights;
mod tables;
#[cfg(test)]
mod tests;

use contacts_application::ports::{OpenError, OpenErrorKind, SchemaState};

use self::error::unusable;
use self::migrations::{MIGRATIONS, Migration, Schema};
use self::rights::{User, Work};
use crate::connect::{Failure, Pool, PostgresOptions, PostgresUrl, Session};

/// The oldest supported version, as `server_version_num`.
const OLDEST: i32 = 140_000;

/// Makes the pool of a database. It makes no connection yet.
pub(crate) fn pool(url: &PostgresUrl, options: PostgresOptions) -> Result<Pool, OpenError> {
    Pool::new(url, options).map_err(|error| error::pool(&error))
}

/// Checks the database and brings its schema up to date. Returns the migrations that were run.
pub(crate) async fn prepare(pool: &Pool, url: &PostgresUrl) -> Result<Vec<String>, OpenError> {
    let session = connect(pool, url).await?;
    let failed = |failure| error::reported(url, &failure);
    check(&Server::of(&session).await.map_err(failed)?, url)?;
    let user = User::of(&session, url).await?;
    let expected = pool.options().partitions;
    // Read before anything is locked: with a current schema, a user needs no right to make tables
    // and waits for no other process.
    let (session, ran) = match migrations::schema(&session).await {
        Ok(SchemaState::Behind(lacking)) if !pool.options().migrate => {
            let version = lacking.last().map_or("", |migration| migration.name);
            return Err(OpenError::new(
                OpenErrorKind::Outdated,
                format!("the database `{}` lacks the schema {version}", url.database()),
                "bring it up to date first",
            ));
        }
        Ok(SchemaState::Behind(lacking)) => {
            if let Some(expected) = expected
                && !is_new(&lacking)
            {
                partitions::check(&session, url, expected).await?;
            }
            let session = session.without_limits();
            let ran = migrate(&session, url, &user, expected).await?;
            (session, ran)
        }
        Ok(found) => (session, ran(found, url)?),
        Err(failure) => return Err(user.error(url, &failure, Work::ReadMigrations)),
    };
    if let Some(expected) = expected {
        partitions::check(&session, url, expected).await?;
    }
    user.check(&session, url).await?;
    Ok(ran)
}

/// Makes the first connection.
pub(crate) async fn connect(pool: &Pool, url: &PostgresUrl) -> Result<Session, OpenError> {
    pool.connect().await.map_err(|error| error::no_connection(url, error))
}

/// What the server reports about itself.
struct Server {
    /// `PostgreSQL` or another product, followed by details.
    product: String,
    number: i32,
    version: String,
    encoding: String,
    read_only: bool,
}

impl Server {
    async fn of(session: &Session) -> Result<Self, Failure> {
        const SETTINGS: &str = "
            SELECT version(),
                current_setting('server_version_num')::int,
                current_setting('server_version'),
                current_setting('server_encoding'),
                current_setting('transaction_read_only')::bool";
        let rows = session.query(SETTINGS, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("the server has no settings"))?;
        Ok(Self {
            product: row.try_get(0)?,
            number: row.try_get(1)?,
            version: row.try_get(2)?,
            encoding: row.try_get(3)?,
            read_only: row.try_get(4)?,
        })
    }
}

fn check(server: &Server, url: &PostgresUrl) -> Result<(), OpenError> {
    const REQUIRED: &str = "use PostgreSQL 14 or later";
    // CockroachDB reports the name and version of PostgreSQL in every other setting.
    if !server.product.starts_with("PostgreSQL ") {
        let product = server.product.split(" (").next().unwrap_or_default();
        let message = format!("the database on {} is {product}", url.place());
        return Err(unusable(message, REQUIRED));
    }
    if server.number < OLDEST {
        let message = format!("the database on {} is PostgreSQL {}", url.place(), server.version);
        return Err(unusable(message, REQUIRED));
    }
    if server.encoding != "UTF8" {
        let (database, encoding) = (url.database(), &server.encoding);
        let message = format!("the database `{database}` has the encoding {encoding}");
        return Err(unusable(message, "create one WITH ENCODING 'UTF8'"));
    }
    if server.read_only {
        return Err(error::read_only(url));
    }
    Ok(())
}

/// Whether a database that lacks these migrations has none.
fn is_new(lacking: &[&Migration]) -> bool {
    lacking.len() == MIGRATIONS.len()
}

/// Runs the missing migrations in one transaction. The tables of a new database get so many
/// partitions; those of another one keep theirs.
async fn migrate(
    session: &Session,
    url: &PostgresUrl,
    user: &User,
    partitions: Option<u16>,
) -> Result<Vec<String>, OpenError> {
    let migrated = async {
        migrations::begin(session).await?;
        // Another process may have run them meanwhile.
        let found = migrations::schema(session).await?;
        if let SchemaState::Behind(lacking) = &found {
            let partitions = match is_new(lacking) {
                true => partitions.unwrap_or_default().into(),
                false => partitions::count(session).await?,
            };
            migrations::run(session, lacking, partitions).await?;
        }
        session.commit().await?;
        Ok(found)
    };
    let found = migrated.await.map_err(|failure| user.error(url, &failure, Work::RunMigrations))?;
    ran(found, url)
}

/// The migrations that were run on a schema, unless it belongs to another release or application.
fn ran(found: Schema, url: &PostgresUrl) -> Result<Vec<String>, OpenError> {
    let database = url.database();
    match found {
        SchemaState::Current => Ok(Vec::new()),
        SchemaState::Behind(ran) => {
            Ok(ran.into_iter().map(|migration| migration.name.to_owned()).collect())
        }
        SchemaState::Newer(version) => Err(unusable(
            format!("the database `{database}` has the schema {version} of a newer release"),
            "start that release, or restore a backup",
        )),
        SchemaState::Foreign => Err(error::occupied(format!(
            "the database `{database}` belongs to another application: \
             its table __diesel_schema_migrations names none of our migrations"
        ))),
    }
}
