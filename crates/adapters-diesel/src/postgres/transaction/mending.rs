//! One transaction for one repair.

use contacts_domain::auditing::{Discrepancy, Repair};

use super::retries::{Lessons, Retries};
use super::{Transactions, end, undo};
use crate::postgres::audit;
use crate::postgres::failure::Failure;
use crate::postgres::setback::Setback;

impl Transactions {
    /// Carries a repair out, and again, if others were in the way.
    ///
    /// # Errors
    ///
    /// When the database fails, or others are in the way for too long; then nothing is changed.
    pub(in crate::postgres) async fn repair(
        &self,
        repair: &Repair,
    ) -> Result<Vec<Discrepancy>, Failure> {
        let mut retries = Retries::new(&self.pool, repair.organization());
        loop {
            match self.attempt_repair(repair).await {
                Ok(discrepancies) => return Ok(discrepancies),
                Err(setback) => retries.learn(setback, &mut Lessons::default()).await?,
            }
        }
    }

    async fn attempt_repair(&self, repair: &Repair) -> Result<Vec<Discrepancy>, Setback> {
        let session = self.begin().await?;
        match audit::mend(&session, repair).await {
            Ok((discrepancies, written)) => {
                end(&session, written).await?;
                Ok(discrepancies)
            }
            Err(setback) => {
                undo(&session, &setback).await;
                Err(setback)
            }
        }
    }
}
