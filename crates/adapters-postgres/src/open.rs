//! Opening a database: bringing its schema up to date, or saying clearly why not.

mod error;
mod pooler;
mod rights;
#[cfg(test)]
mod tests;

pub use self::error::{OpenError, OpenErrorKind};

use self::rights::{User, Work};
use super::failure::Failure;
use super::migrations::{self, Schema};
use super::pool::Pool;
use super::session::Session;
use super::url::PostgresUrl;

/// The oldest server that is supported, as it counts its versions.
const OLDEST: i32 = 140_000;

/// Makes sure that the database can be worked on and has the schema; the names of the migrations
/// that were run for it.
///
/// # Errors
///
/// Why it cannot be opened.
pub(super) async fn prepare(pool: &Pool, url: &PostgresUrl) -> Result<Vec<String>, OpenError> {
    let session = connect(pool, url).await?;
    let failed = |failure| error::reported(url, &failure);
    let server = Server::of(&session).await.map_err(failed)?;
    check(&server, url)?;
    if pool.options().prepared_statements && pooler::mixes_up(url, pool.options()).await {
        return Err(OpenError::new(OpenErrorKind::Pooler, error::pooler(url)));
    }
    let user = User::of(&session, url).await?;
    // Those who find everything in place need no right to make tables, and wait for nobody.
    let (session, ran) = match migrations::schema(&session).await {
        Ok(Schema::Lacks(lacking)) if !pool.options().migrate => {
            let version = lacking.last().map_or("", |migration| migration.name);
            let database = url.database();
            let cause = format_args!("the database `{database}` lacks the schema {version}");
            return Err(OpenError::new(OpenErrorKind::Outdated, cause));
        }
        Ok(Schema::Lacks(_)) => {
            let session = session.unhurried();
            let ran = migrate(&session, url, &user).await?;
            (session, ran)
        }
        Ok(found) => (session, ran(found, url)?),
        Err(failure) => return Err(user.cannot(url, &failure, Work::Read)),
    };
    user.can_work(&session, url).await?;
    Ok(ran)
}

/// The first connection, or why there is none.
///
/// # Errors
///
/// Why there is none.
pub(super) async fn connect(pool: &Pool, url: &PostgresUrl) -> Result<Session, OpenError> {
    pool.connect().await.map_err(|error| error::no_connection(url, error))
}

/// What a server tells of itself.
struct Server {
    /// `PostgreSQL`, or what else it is, and more.
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
        // Not prepared: it is not known yet whether that goes well.
        let rows = session.query_once(SETTINGS, &[]).await?;
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
    // CockroachDB calls itself PostgreSQL 18 everywhere else.
    if !server.product.starts_with("PostgreSQL ") {
        let product = server.product.split(" (").next().unwrap_or_default();
        let cause = format_args!("the database on {} is {product}", url.place());
        return Err(OpenError::new(OpenErrorKind::NotPostgres, cause));
    }
    if server.number < OLDEST {
        let (place, version) = (url.place(), &server.version);
        let cause = format_args!("the database on {place} is PostgreSQL {version}");
        return Err(OpenError::new(OpenErrorKind::TooOld, cause));
    }
    if server.encoding != "UTF8" {
        let (database, encoding) = (url.database(), &server.encoding);
        let cause = format_args!("the database `{database}` has the encoding {encoding}");
        return Err(OpenError::new(OpenErrorKind::Encoding, cause));
    }
    if server.read_only {
        return Err(OpenError::new(OpenErrorKind::ReadOnly, error::read_only(url)));
    }
    Ok(())
}

/// Runs the migrations that are lacking, all or none, however long that takes.
async fn migrate(
    session: &Session,
    url: &PostgresUrl,
    user: &User,
) -> Result<Vec<String>, OpenError> {
    let migrated = async {
        migrations::begin(session).await?;
        // Others may have run them meanwhile.
        let found = migrations::schema(session).await?;
        if let Schema::Lacks(lacking) = &found {
            migrations::run(session, lacking).await?;
        }
        session.commit().await?;
        Ok(found)
    };
    let found = migrated.await.map_err(|failure| user.cannot(url, &failure, Work::Migrate))?;
    ran(found, url)
}

/// The migrations that were run on what was found, unless it is not for this release.
fn ran(found: Schema, url: &PostgresUrl) -> Result<Vec<String>, OpenError> {
    let database = url.database();
    match found {
        Schema::Current => Ok(Vec::new()),
        Schema::Lacks(ran) => {
            Ok(ran.into_iter().map(|migration| migration.name.to_owned()).collect())
        }
        Schema::Newer(version) => {
            let cause = format_args!(
                "the database `{database}` has the schema {version} of a newer release"
            );
            Err(OpenError::new(OpenErrorKind::Newer, cause))
        }
        Schema::Foreign => {
            let cause = format_args!(
                "the database `{database}` belongs to another application: \
                 its table __diesel_schema_migrations names none of our migrations"
            );
            Err(OpenError::new(OpenErrorKind::Occupied, cause))
        }
    }
}
