//! The port [`Audit`]: contacts as they are stored, and their repair.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{Audit, StoreError};
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};
use tokio_postgres::Row;

use super::PostgresStore;
use crate::connect::Failure;
use crate::statements::stored;
use crate::statements::write::PLAN_ANEW;

/// The planner's estimate of the number of contacts, -1 where it has none. Of a table in partitions,
/// each has its own.
const ESTIMATE: &str = "
    SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class
     WHERE relkind = 'r' AND (oid = 'contact'::regclass
        OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'contact'::regclass))";

const COUNT: &str = "SELECT count(*) FROM contact";

/// Counting reads the whole table.
const READ_ALL: &str = "SET LOCAL enable_seqscan = on";

/// From this number on, the estimate is used, because counting takes too long.
const MANY: i64 = 100_000;

const NEXT_ID: &str = "SELECT next_id FROM id_counter";

#[async_trait]
impl Audit for PostgresStore {
    async fn contact_count(&self) -> Result<u64, StoreError> {
        // In a transaction, because counting may take longer than the limit outside of one.
        let session = self.transactions.begin().await?;
        let mut count = one_number(&session.query(ESTIMATE, &[]).await?)?;
        if count < MANY {
            session.batch(READ_ALL).await?;
            count = one_number(&session.query(COUNT, &[]).await?)?;
        }
        session.rollback().await?;
        Ok(u64::try_from(count).map_err(Failure::internal)?)
    }

    /// Ordered by organization, then id.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError> {
        // In a transaction for its planner settings.
        let session = self.transactions.begin().await?;
        session.batch(PLAN_ANEW).await?;
        let page = stored::page(&session, after, at_most).await?;
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
