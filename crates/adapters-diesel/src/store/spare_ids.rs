//! Ids for decisions that are made outside of write transactions.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_application::ports::{ID_BLOCK_SIZE, StoreError};
use contacts_domain::IdBlock;

use super::writer::{Tenant, Writer};

/// A block of ids that the writer does not hand out.
#[derive(Debug)]
pub(super) struct SpareIds(Mutex<IdBlock>);

impl Default for SpareIds {
    fn default() -> Self {
        Self(Mutex::new(IdBlock::new(1, 0)))
    }
}

impl SpareIds {
    /// A block of `count` ids that nobody else hands out.
    pub(super) async fn reserve(
        &self,
        writer: &Writer,
        tenant: Tenant,
        count: i64,
    ) -> Result<IdBlock, StoreError> {
        if let Some(block) = take(&mut self.block(), count) {
            return Ok(block);
        }
        let size = ID_BLOCK_SIZE.max(count);
        let reserve = writer.write(tenant, move |transaction| transaction.reserve_ids(size));
        let mut fresh = reserve.await?;
        let block = take(&mut fresh, count);
        *self.block() = fresh;
        block.ok_or_else(|| StoreError::internal("fewer ids were reserved than asked for"))
    }

    /// Takes back the rest of a block, unless ids after it were handed out.
    pub(super) fn give_back(&self, left: IdBlock) {
        let mut block = self.block();
        if block.next() == left.next() + left.left() {
            *block = IdBlock::new(left.next(), left.left() + block.left());
        }
    }

    fn block(&self) -> MutexGuard<'_, IdBlock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the first ids of a block, if it has that many.
fn take(block: &mut IdBlock, count: i64) -> Option<IdBlock> {
    if block.left() < count {
        return None;
    }
    let taken = IdBlock::new(block.next(), count);
    *block = IdBlock::new(block.next() + count, block.left() - count);
    Some(taken)
}
