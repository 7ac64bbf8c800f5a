//! Ids: blocks set aside in the database, handed out from memory.

use contacts_application::ports::ID_BLOCK_SIZE;
use contacts_domain::{IdBlock, MAX_SAFE_INTEGER};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::failure::Failure;
use super::pool::Pool;
use super::session::Parameter;

/// Sets so many ids ($1) aside, unless that would reach beyond the last one ($2); the first of them.
const SET_ASIDE: &str = "
    UPDATE id_counter SET next_id = next_id + $1 WHERE singleton AND next_id <= $2::bigint - $1
    RETURNING next_id - $1";

/// The ids that this store may hand out. No other store has them: what is handed out was set aside
/// before, in a transaction of its own.
pub(super) struct Ids {
    /// Whoever waits for more ids waits for those that are being set aside.
    block: Mutex<IdBlock>,
}

impl Ids {
    /// No ids yet.
    pub(super) fn new() -> Self {
        Self { block: Mutex::new(IdBlock::new(1, 0)) }
    }

    /// A block of `count` ids that nobody else gets. More are set aside if there are too few, in a
    /// transaction that these statements begin.
    ///
    /// # Errors
    ///
    /// When there are no more ids, the database fails, or others wait for it for too long.
    pub(super) async fn reserve(
        &self,
        pool: &Pool,
        begin: &str,
        count: i64,
    ) -> Result<IdBlock, Failure> {
        let Ok(mut block) = timeout(pool.options().wait, self.block.lock()).await else {
            return Err(Failure::unavailable("others wait for more ids"));
        };
        if block.left() < count {
            let size = ID_BLOCK_SIZE.max(count);
            *block = IdBlock::new(set_aside(pool, begin, size).await?, size);
        }
        let reserved = IdBlock::new(block.next(), count);
        *block = IdBlock::new(reserved.next() + count, block.left() - count);
        Ok(reserved)
    }

    /// Takes back what is left of a block, if nobody was given ids after it.
    pub(super) fn give_back(&self, left: IdBlock) {
        // Whoever holds the block is being given ids.
        if let Ok(mut block) = self.block.try_lock()
            && block.next() == left.next() + left.left()
        {
            *block = IdBlock::new(left.next(), left.left() + block.left());
        }
    }
}

async fn set_aside(pool: &Pool, begin: &str, count: i64) -> Result<i64, Failure> {
    let session = pool.begin(begin).await?;
    let parameters: [Parameter<'_>; 2] = [(&count, Type::INT8), (&MAX_SAFE_INTEGER, Type::INT8)];
    let rows = session.query(SET_ASIDE, &parameters).await?;
    let first = match rows.first() {
        Some(row) => row.try_get(0)?,
        None => {
            session.rollback().await?;
            return Err(Failure::internal("there are no more ids below 2^53"));
        }
    };
    session.commit().await?;
    Ok(first)
}
