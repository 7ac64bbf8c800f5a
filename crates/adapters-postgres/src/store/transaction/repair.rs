//! One transaction for one repair.

use contacts_domain::auditing::{Discrepancy, Repair};

use super::retries::{Retries, RetryState};
use super::{Transactions, end, roll_back};
use crate::connect::Failure;
use crate::statements::attempt_error::AttemptError;
use crate::statements::repair::repair;

impl Transactions {
    /// Runs a repair, and again after a conflict.
    pub(crate) async fn repair(&self, order: &Repair) -> Result<Vec<Discrepancy>, Failure> {
        let mut retries = Retries::new(&self.pool, order.organization());
        loop {
            match self.attempt_repair(order).await {
                Ok(discrepancies) => return Ok(discrepancies),
                Err(attempt_error) => {
                    retries.next(attempt_error, &mut RetryState::default()).await?;
                }
            }
        }
    }

    async fn attempt_repair(&self, order: &Repair) -> Result<Vec<Discrepancy>, AttemptError> {
        let session = self.begin().await?;
        match repair(&session, order).await {
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
