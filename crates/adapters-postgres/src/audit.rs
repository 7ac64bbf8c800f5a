//! The port of the audit: what is stored, as it stands.

mod mend;
mod standing;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{Audit, StoreError};
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::Failure;
use super::session::Session;
use super::write::PLAN_ANEW;

pub(super) use self::mend::mend;

/// How many contacts the planner takes for granted.
const ESTIMATE: &str = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'contact'::regclass";

const COUNT: &str = "SELECT count(*) FROM contact";

/// Tells the planner that reading a whole table is right for once.
const READ_ALL: &str = "SET LOCAL enable_seqscan = on";

/// From so many contacts on, the estimate is good enough, and counting takes too long.
const MANY: i64 = 100_000;

const NEXT_ID: &str = "SELECT next_id FROM id_counter";

#[async_trait]
impl Audit for PostgresStore {
    async fn contact_count(&self) -> Result<u64, StoreError> {
        // Counting may take longer than anything may outside of a transaction.
        let session = self.transactions.begin().await?;
        let mut count = one_number(&session.query(ESTIMATE, &[]).await?)?;
        if count < MANY {
            session.batch(READ_ALL).await?;
            count = one_number(&session.query(COUNT, &[]).await?)?;
        }
        session.rollback().await?;
        Ok(u64::try_from(count).map_err(Failure::internal)?)
    }

    /// The order is that of the organizations, and in each that of the ids.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError> {
        // For what it tells the planner: what stands beside a contact is found by one index only.
        let session: Session = self.transactions.begin().await?;
        session.batch(PLAN_ANEW).await?;
        let page = standing::page(&session, after, at_most).await?;
        session.rollback().await?;
        Ok(page)
    }

    async fn next_id(&self) -> Result<i64, StoreError> {
        Ok(one_number(&self.pool.read(NEXT_ID, &[]).await?)?)
    }

    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError> {
        Ok(self.transactions.repair(&repair).await?)
    }
}

fn one_number(rows: &[Row]) -> Result<i64, Failure> {
    let row = rows.first().ok_or_else(|| Failure::corrupt("a table lacks its only row"))?;
    Ok(row.try_get(0)?)
}
