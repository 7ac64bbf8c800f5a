//! One transaction for one decision: look up, decide, write; and again, if others were in the way.
//!
//! The first attempt locks nothing that it does not write. It decides about what one statement saw
//! at one moment, and writes a contact only if it is still in the version that was found: a batch
//! that changes nothing writes nothing at all, not even locks. Where others were faster, the next
//! attempt locks the keys that it is about, and the contacts that they lead to, before it looks:
//! so those who are in each other's way wait in line, and come through one after the other.

mod decide;
mod mending;
mod retries;

use std::sync::Arc;

use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded};

use self::decide::{Decided, decide};
use self::retries::{Retries, RetryState};
use super::attempt_error::AttemptError;
use super::failure::Failure;
use super::ids::Ids;
use super::lookup::look_up;
use super::options::PostgresOptions;
use super::pool::Pool;
use super::session::Session;
use super::write::write;

/// Runs decisions.
pub(super) struct Transactions {
    pool: Pool,
    ids: Ids,
    /// How a transaction begins.
    begin: String,
}

impl Transactions {
    /// On these connections.
    pub(super) fn new(pool: Pool) -> Self {
        let begin = beginning(pool.options());
        Self { pool, ids: Ids::new(), begin }
    }

    /// A connection on which a transaction has begun, for a statement that finds rows as they are.
    ///
    /// # Errors
    ///
    /// When no connection is to be had, or the database fails.
    pub(super) async fn begin(&self) -> Result<Session, Failure> {
        self.pool.begin(&self.begin).await
    }

    /// Looks up what the decision wants, lets it decide, and writes the outcome.
    ///
    /// # Errors
    ///
    /// When the database fails, others are in the way for too long, or the decision panics. Nothing
    /// is stored then, unless the connection was lost while the transaction was being committed.
    pub(super) async fn run<D: Decision>(&self, decision: Arc<D>) -> Result<D::Report, Failure> {
        let ids = self.ids.reserve(&self.pool, &self.begin, decision.ids_at_most()).await?;
        let mut retry_state = RetryState::default();
        let mut retries = Retries::new(&self.pool, decision.organization());
        loop {
            match self.attempt(&decision, ids, &mut retry_state).await {
                Ok((report, left)) => {
                    self.ids.give_back(left);
                    return Ok(report);
                }
                Err(attempt_error) => retries.learn(attempt_error, &mut retry_state).await?,
            }
        }
    }

    /// One attempt; what the decision reports, and the ids that it left.
    async fn attempt<D: Decision>(
        &self,
        decision: &Arc<D>,
        ids: IdBlock,
        retry_state: &mut RetryState,
    ) -> Result<(D::Report, IdBlock), AttemptError> {
        let (session, mut found) = self.find(&**decision, retry_state).await?;
        found.contested.clone_from(&retry_state.contested);
        let work = async {
            let decided = decide(Arc::clone(decision), found, ids).await?;
            let Decided { writes, report, left } = decided;
            if !writes.is_empty() {
                write(&session, decision.organization(), &writes).await?;
            }
            Ok((writes, report, left))
        };
        match work.await {
            Ok((writes, report, left)) => {
                end(&session, !writes.is_empty()).await?;
                Ok((report, left))
            }
            Err(attempt_error) => {
                undo(&session, &attempt_error).await;
                Err(attempt_error)
            }
        }
    }

    /// Begins a transaction and looks up what is wanted. Nothing has been written by then, so it
    /// begins anew on another connection as often as one turns out to have been broken.
    async fn find<D: Decision>(
        &self,
        decision: &D,
        retry_state: &RetryState,
    ) -> Result<(Session, Loaded), AttemptError> {
        let (organization, lookup_keys) = (decision.organization(), decision.lookup_keys());
        let mut broken = 0;
        loop {
            let session = self.pool.session().await.map_err(AttemptError::Final)?;
            // What begins the transaction is sent first, and its answer not waited for. Without one,
            // there will be none to the others.
            let found = tokio::try_join!(
                biased;
                session.begin(&self.begin),
                look_up(&session, organization, lookup_keys, retry_state.lock_mode()),
            );
            let attempt_error = match found {
                Ok(((), found)) => return Ok((session, found)),
                Err(failure) => AttemptError::from(failure),
            };
            if !matches!(attempt_error, AttemptError::Disconnected(_))
                || broken == self.pool.options().connections
            {
                undo(&session, &attempt_error).await;
                return Err(attempt_error);
            }
            broken += 1;
        }
    }
}

/// The statements that a transaction begins with.
///
/// The planner is told to make one plan for all values, and none that reads a whole table: the
/// statements are written so that then only the right plans are left, whatever is known of the
/// tables.
fn beginning(options: &PostgresOptions) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;
        SET LOCAL lock_timeout = {};
        SET LOCAL statement_timeout = {};
        SET LOCAL idle_in_transaction_session_timeout = {};
        SET LOCAL plan_cache_mode = force_generic_plan;
        SET LOCAL enable_seqscan = off;
        SET LOCAL enable_hashjoin = off;
        SET LOCAL enable_mergejoin = off;
        SET LOCAL enable_memoize = off;
        SET LOCAL jit = off",
        options.lock_timeout.as_millis(),
        options.statement_timeout.as_millis(),
        options.pause_timeout.as_millis(),
    )
}

/// Ends a transaction that went well.
async fn end(session: &Session, written: bool) -> Result<(), AttemptError> {
    if !written {
        // There is nothing to be made durable.
        return session.rollback().await.map_err(AttemptError::from);
    }
    session.commit().await.map_err(|failure| match AttemptError::from(failure) {
        // It may have been committed all the same, as it may where no answer came in time: that is
        // final anyway. Who asked may ask again: that is safe.
        AttemptError::Disconnected(failure) => AttemptError::Final(failure),
        attempt_error => attempt_error,
    })
}

/// Undoes what was begun, so that the connection can serve others. If that fails, the connection is
/// closed.
async fn undo(session: &Session, attempt_error: &AttemptError) {
    if !matches!(attempt_error, AttemptError::Disconnected(_)) {
        let _ = session.rollback().await;
    }
}
