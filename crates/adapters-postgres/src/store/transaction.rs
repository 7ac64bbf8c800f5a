//! One transaction for one decision: look up, decide, write; and again after a conflict.
//!
//! The first attempt locks only what it writes, and shares a lock that keeps the settings of the
//! organization (docs/adr/0018). It decides on one snapshot, and writes a contact only
//! if that still has the version that was loaded: a batch that changes nothing writes nothing, not
//! even locks of rows. After a conflict, the next attempt locks its keys and their contacts before the
//! look-up, so that conflicting transactions run one after the other (docs/adr/0008).

mod decide;
mod recognize;
mod repair;
mod retries;

use std::sync::Arc;
use std::time::Duration;

use contacts_domain::decision::{Decision, Loaded};
use contacts_domain::{IdBlock, OrganizationId};
use tokio_postgres::Row;

use self::decide::{Decided, decide};
use self::retries::{Retries, RetryState};
use super::ids::Ids;
use crate::connect::{Failure, Parameter, Pool, PostgresOptions, Session, Shares};
use crate::statements::attempt_error::AttemptError;
use crate::statements::locks::{hold_settings, keep_settings};
use crate::statements::lookup::look_up;
use crate::statements::settings::check_version;
use crate::statements::write::{digests, write};

/// Runs decisions.
pub(crate) struct Transactions {
    pool: Pool,
    ids: Ids,
    /// Those of runs.
    run_ids: Ids,
    shares: Shares,
    /// The statements that begin a transaction.
    begin: String,
}

impl Transactions {
    pub(crate) fn new(pool: Pool) -> Self {
        let begin = begin_script(pool.options());
        let (ids, run_ids, shares) = (Ids::new(), Ids::new(), Shares::new(pool.options()));
        Self { pool, ids, run_ids, shares, begin }
    }

    /// How long a request waits for the others of its organization.
    pub(super) fn wait(&self) -> Duration {
        self.pool.options().wait
    }

    /// Begins a transaction on a connection.
    pub(crate) async fn begin(&self) -> Result<Session, Failure> {
        self.pool.begin(&self.begin).await
    }

    /// Begins a transaction beside which nothing of the organization is purged, nor its settings changed.
    pub(super) async fn begin_beside(
        &self,
        organization: OrganizationId,
    ) -> Result<Session, Failure> {
        self.pool.begin(&self.begin_for(organization)).await
    }

    /// Begins a transaction beside which no other decides about the contacts of the organization.
    pub(super) async fn begin_alone(
        &self,
        organization: OrganizationId,
    ) -> Result<Session, Failure> {
        self.pool.begin(&self.begin_alone_for(organization)).await
    }

    /// Reads rows with the planner settings of a transaction, in one round trip.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.pool.read_after(&self.begin, sql, parameters).await
    }

    /// The statements that begin a transaction for the contacts of an organization, whose settings
    /// stay until it ends.
    fn begin_for(&self, organization: OrganizationId) -> String {
        format!("{};\n{}", self.begin, keep_settings(organization))
    }

    /// The same where no other transaction for its contacts may run meanwhile.
    fn begin_alone_for(&self, organization: OrganizationId) -> String {
        format!("{};\n{}", self.begin, hold_settings(organization))
    }

    /// Loads the contacts of a decision, lets it decide, and writes its changes.
    ///
    /// # Errors
    ///
    /// Nothing is stored, unless the connection is lost during the commit.
    pub(crate) async fn run<D: Decision>(&self, decision: Arc<D>) -> Result<D::Report, Failure> {
        let _share = self.shares.take(decision.organization()).await?;
        let ids = self.reserve_ids(&*decision).await?;
        let mut retry_state = RetryState::default();
        let mut retries = Retries::new(&self.pool, decision.organization());
        loop {
            match self.attempt(&decision, ids, &mut retry_state).await {
                Ok((report, left)) => {
                    self.give_back(&*decision, ids, left);
                    return Ok(report);
                }
                Err(attempt_error) => retries.next(attempt_error, &mut retry_state).await?,
            }
        }
    }

    /// The same with one attempt.
    pub(super) async fn run_once<D: Decision>(
        &self,
        decision: Arc<D>,
    ) -> Result<D::Report, AttemptError> {
        let _share =
            self.shares.take(decision.organization()).await.map_err(AttemptError::Final)?;
        let ids = self.reserve_ids(&*decision).await.map_err(AttemptError::Final)?;
        let (report, left) = self.attempt(&decision, ids, &mut RetryState::default()).await?;
        self.give_back(&*decision, ids, left);
        Ok(report)
    }

    /// The ids that a decision can take.
    async fn reserve_ids<D: Decision>(&self, decision: &D) -> Result<IdBlock, Failure> {
        // Contacts have their first block before runs do, whether the first request creates any or not.
        let contacts = decision.ids_at_most().max(1);
        let ids = self.ids.reserve(&self.pool, &self.begin, contacts).await?;
        let runs = match decision.is_dry_run() {
            true => 0,
            false => decision.runs_at_most(),
        };
        let runs = self.run_ids.reserve(&self.pool, &self.begin, runs).await?;
        Ok(ids.with_runs(runs.next()))
    }

    /// Takes back those of a decision that are left.
    fn give_back<D: Decision>(&self, decision: &D, reserved: IdBlock, left: IdBlock) {
        self.ids.give_back(left);
        if !decision.is_dry_run() {
            let taken = left.next_run() - reserved.next_run();
            let runs = IdBlock::new(left.next_run(), decision.runs_at_most() - taken);
            self.run_ids.give_back(runs);
        }
    }

    /// One attempt. Returns the report of the decision and the ids that it did not use.
    async fn attempt<D: Decision>(
        &self,
        decision: &Arc<D>,
        ids: IdBlock,
        retry_state: &mut RetryState,
    ) -> Result<(D::Report, IdBlock), AttemptError> {
        let (session, mut loaded) = self.load(&**decision, retry_state).await?;
        loaded.contested.clone_from(&retry_state.contested);
        let work = async {
            let decided = decide(Arc::clone(decision), loaded, ids).await?;
            let Decided { writes, report, left } = decided;
            if !writes.is_empty() {
                write(&session, decision.organization(), &writes).await?;
            }
            Ok((writes, report, left))
        };
        match work.await {
            Ok((writes, report, left)) => {
                if writes.is_empty() && !writes.digests.is_empty() {
                    digests::write_alone(&session, decision.organization(), &writes.digests).await;
                } else {
                    end(&session, !writes.is_empty()).await?;
                }
                Ok((report, left))
            }
            Err(attempt_error) => {
                roll_back(&session, &attempt_error).await;
                Err(attempt_error)
            }
        }
    }

    /// Begins a transaction and runs the look-up. Nothing is written yet, so each broken connection
    /// is replaced.
    async fn load<D: Decision>(
        &self,
        decision: &D,
        retry_state: &RetryState,
    ) -> Result<(Session, Loaded), AttemptError> {
        let (organization, lookup_keys) = (decision.organization(), decision.lookup_keys());
        let begin = match decision.is_alone() {
            true => self.begin_alone_for(organization),
            false => self.begin_for(organization),
        };
        let version = decision.settings_version();
        let mut broken = 0;
        loop {
            let session = self.pool.session().await.map_err(AttemptError::Final)?;
            // `BEGIN`, the check and the look-up share a round trip: none waits for the answer to
            // another.
            let loaded = tokio::try_join!(
                biased;
                session.begin(&begin),
                check_version(&session, organization, version),
                look_up(&session, organization, lookup_keys, retry_state.lock_mode()),
            );
            let attempt_error = match loaded {
                Ok(((), (), loaded)) => return Ok((session, loaded)),
                Err(failure) => AttemptError::from(failure),
            };
            if !matches!(attempt_error, AttemptError::Disconnected(_))
                || broken == self.pool.options().connections
            {
                roll_back(&session, &attempt_error).await;
                return Err(attempt_error);
            }
            broken += 1;
        }
    }
}

/// The statements that begin a transaction. The planner settings leave only the plans for which the
/// statements are written, whatever the statistics of the tables say (docs/adr/0009).
fn begin_script(options: &PostgresOptions) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;
        {};
        SET LOCAL plan_cache_mode = force_generic_plan;
        SET LOCAL enable_seqscan = off;
        SET LOCAL enable_hashjoin = off;
        SET LOCAL enable_mergejoin = off;
        SET LOCAL enable_memoize = off;
        SET LOCAL enable_sort = off;
        SET LOCAL jit = off",
        options.set_limits(),
    )
}

/// Ends a transaction without errors.
async fn end(session: &Session, written: bool) -> Result<(), AttemptError> {
    if !written {
        // Nothing to commit: a rollback does not wait for the disk.
        return session.rollback().await.map_err(AttemptError::from);
    }
    session.commit().await.map_err(|failure| match AttemptError::from(failure) {
        // The transaction may be committed, so it must not run again. The caller may send the
        // request again: that is safe.
        AttemptError::Disconnected(failure) => AttemptError::Final(failure),
        attempt_error => attempt_error,
    })
}

/// Rolls back, so that the connection can be used again. If that fails, the connection is closed.
async fn roll_back(session: &Session, attempt_error: &AttemptError) {
    if !matches!(attempt_error, AttemptError::Disconnected(_)) {
        let _ = session.rollback().await;
    }
}
