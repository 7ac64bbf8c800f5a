//! One transaction for one repair.

use contacts_domain::auditing::{Discrepancy, Repair};

use super::retries::{Retries, RetryState};
use super::{Transactions, end, undo};
use crate::attempt_error::AttemptError;
use crate::audit;
use crate::failure::Failure;

impl Transactions {
    /// Carries a repair out, and again, if others were in the way.
    ///
    /// # Errors
    ///
    /// When the database fails, or others are in the way for too long; then nothing is changed.
    pub(crate) async fn repair(&self, repair: &Repair) -> Result<Vec<Discrepancy>, Failure> {
        let mut retries = Retries::new(&self.pool, repair.organization());
        loop {
            match self.attempt_repair(repair).await {
                Ok(discrepancies) => return Ok(discrepancies),
                Err(attempt_error) => {
                    retries.learn(attempt_error, &mut RetryState::default()).await?
                }
            }
        }
    }

    async fn attempt_repair(&self, repair: &Repair) -> Result<Vec<Discrepancy>, AttemptError> {
        let session = self.begin().await?;
        match audit::mend(&session, repair).await {
            Ok((discrepancies, written)) => {
                end(&session, written).await?;
                Ok(discrepancies)
            }
            Err(attempt_error) => {
                undo(&session, &attempt_error).await;
                Err(attempt_error)
            }
        }
    }
}
