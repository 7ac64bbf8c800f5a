//! Whether a pooler stands between that mixes prepared statements up.
//!
//! A pooler in transaction mode runs each transaction of a client on whichever connection to the
//! server is free. One that passes the names of prepared statements on as they are (`PgBouncer` before
//! 1.21) then finds none of that name there, or runs the statement that another client gave that
//! name: answers would be wrong. Nothing that a server tells gives such a pooler away, so it is
//! tried with a statement that nobody else has.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::super::failure::Failure;
use super::super::options::PostgresOptions;
use super::super::pool::Pool;
use super::super::session::{Parameter, Session};
use super::super::url::PostgresUrl;

/// How long it is tried: where the pooler has no connection to the server to spare, one would wait
/// for the other.
const LIMIT: Duration = Duration::from_secs(3);

/// How often, in case that others who work through the pooler are in the way.
const ROUNDS: u32 = 2;

/// Whether the statement is seen on that connection to the server, under the name that the client
/// gave it.
const SEEN: &str = "SELECT name ~ '^s[0-9]+$' FROM pg_prepared_statements WHERE statement = $1";

/// Whether prepared statements are mixed up on the way to the server. Where that cannot be found out
/// (there are no two connections to be had, or one waits for the other), it is said that they are
/// not.
pub(super) async fn mixes_up(url: &PostgresUrl, options: &PostgresOptions) -> bool {
    let options = PostgresOptions { connections: 2, ..options.clone() };
    let Ok(pool) = Pool::new(url, options) else { return false };
    let tried = async {
        let (asking, holding) = tokio::try_join!(pool.session(), pool.session())?;
        tried(&asking, &holding, &Probe::new()).await
    };
    matches!(timeout(LIMIT, tried).await, Ok(Ok(true)))
}

/// Prepares the statement on one connection and runs it there, while another one holds a connection
/// to the server: most likely the one that it was prepared on, as that was used last. And again when
/// the other one was used last.
async fn tried(asking: &Session, holding: &Session, probe: &Probe) -> Result<bool, Failure> {
    let statement = match asking.prepare(&probe.sql).await {
        Err(failure) if is_mix_up(&failure) => return Ok(true),
        prepared => prepared?,
    };
    let ours: [Parameter<'_>; 1] = [(&probe.sql, Type::TEXT)];
    for _ in 0..ROUNDS {
        let (begun, seen) = tokio::join!(
            biased;
            holding.begin("BEGIN"),
            holding.query_once(SEEN, &ours),
        );
        if let Some(row) = begun.and(seen)?.first() {
            // Both share a connection to the server. A pooler that knows statements has given this
            // one a name of its own.
            return Ok(row.try_get(0)?);
        }
        if probe.is_mixed_up(asking.run(&statement).await)? {
            return Ok(true);
        }
        holding.rollback().await?;
        if probe.is_mixed_up(asking.run(&statement).await)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A statement whose answer nobody else's has.
pub(super) struct Probe {
    pub(super) sql: String,
    answer: String,
}

impl Probe {
    pub(super) fn new() -> Self {
        let answer = format!("contact-hub {:032x}", fastrand::u128(..));
        Self { sql: format!("SELECT '{answer}'::text"), answer }
    }

    /// Whether that came of another statement, or of none.
    pub(super) fn is_mixed_up(&self, came: Result<Vec<Row>, Failure>) -> Result<bool, Failure> {
        match came {
            Ok(rows) => {
                let answer = rows.first().and_then(|row| row.try_get::<_, String>(0).ok());
                Ok(answer.as_ref() != Some(&self.answer))
            }
            Err(failure) if is_mix_up(&failure) => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}

/// Whether there is no such statement, or one already, or one that wants values.
fn is_mix_up(failure: &Failure) -> bool {
    let wants_values = failure.state() == Some(&SqlState::PROTOCOL_VIOLATION);
    failure.is_mixed_up_statement() || wants_values
}
