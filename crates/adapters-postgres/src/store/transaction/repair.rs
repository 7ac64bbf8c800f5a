//! One transaction for one repair.

use contacts_application::ports::FillingStep;
use contacts_domain::auditing::{Discrepancy, Repair};

use super::retries::{Retries, RetryState};
use super::{Transactions, end, roll_back};
use crate::connect::Failure;
use crate::statements::attempt_error::AttemptError;
use crate::statements::repair::repair;
use crate::statements::settings::move_on;

impl Transactions {
    /// Runs a repair, and again after a conflict.
    pub(crate) async fn repair(&self, order: &Repair) -> Result<Vec<Discrepancy>, Failure> {
        let done = self.repair_with(order, None).await?;
        done.ok_or_else(|| Failure::internal("a repair was not made"))
    }

    /// Moves the progress of filling on and runs the repair of the step. Returns `None` if the step is
    /// not the next one.
    pub(crate) async fn fill(
        &self,
        step: &FillingStep,
    ) -> Result<Option<Vec<Discrepancy>>, Failure> {
        self.repair_with(&step.repair, Some(step)).await
    }

    async fn repair_with(
        &self,
        order: &Repair,
        step: Option<&FillingStep>,
    ) -> Result<Option<Vec<Discrepancy>>, Failure> {
        let mut retries = Retries::new(&self.pool, order.organization());
        loop {
            match self.attempt_repair(order, step).await {
                Ok(discrepancies) => return Ok(discrepancies),
                Err(attempt_error) => {
                    retries.next(attempt_error, &mut RetryState::default()).await?;
                }
            }
        }
    }

    async fn attempt_repair(
        &self,
        order: &Repair,
        step: Option<&FillingStep>,
    ) -> Result<Option<Vec<Discrepancy>>, AttemptError> {
        let session = self.pool.begin(&self.begin_for(order.organization())).await?;
        let work = async {
            if let Some(step) = step
                && !move_on(&session, step).await?
            {
                return Ok((None, false));
            }
            let (discrepancies, written) = repair(&session, order).await?;
            Ok((Some(discrepancies), written || step.is_some()))
        };
        match work.await {
            Ok((discrepancies, written)) => {
                end(&session, written).await?;
                Ok(discrepancies)
            }
            Err(attempt_error) => {
                roll_back(&session, &attempt_error).await;
                Err(attempt_error)
            }
        }
    }
}
