//! Contact ids: blocks are reserved in the database and handed out from memory.

use contacts_application::ports::ID_BLOCK_SIZE;
use contacts_domain::{IdBlock, MAX_SAFE_INTEGER};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Pool};

/// Reserves $1 ids up to the last one ($2), and returns the first.
const RESERVE: &str = "
    UPDATE id_counter SET next_id = next_id + $1 WHERE singleton AND next_id <= $2::bigint - $1
    RETURNING next_id - $1";

/// The ids that only this store may hand out: they were reserved in a transaction of their own.
pub(crate) struct Ids {
    /// Locked while a block is being reserved; other requests wait for that block.
    block: Mutex<IdBlock>,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { block: Mutex::new(IdBlock::new(1, 0)) }
    }

    /// Returns a block of `count` ids. If memory holds too few, a block is reserved in a transaction
    /// that `begin` begins.
    pub(crate) async fn reserve(
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
            *block = IdBlock::new(reserve(pool, begin, size).await?, size);
        }
        let reserved = IdBlock::new(block.next(), count);
        *block = IdBlock::new(reserved.next() + count, block.left() - count);
        Ok(reserved)
    }

    /// Takes back the rest of a block, unless ids after it were handed out.
    pub(crate) fn give_back(&self, left: IdBlock) {
        // If another request holds the lock, it takes ids after this block.
        if let Ok(mut block) = self.block.try_lock()
            && block.next() == left.next() + left.left()
        {
            *block = IdBlock::new(left.next(), left.left() + block.left());
        }
    }
}

async fn reserve(pool: &Pool, begin: &str, count: i64) -> Result<i64, Failure> {
    let session = pool.begin(begin).await?;
    let parameters: [Parameter<'_>; 2] = [(&count, Type::INT8), (&MAX_SAFE_INTEGER, Type::INT8)];
    let rows = session.query(RESERVE, &parameters).await?;
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
