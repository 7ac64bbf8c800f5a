//! Ids for decisions that are made outside of write transactions.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_application::ports::{ID_BLOCK_SIZE, StoreError};
use contacts_domain::IdBlock;

use super::writer::{Tenant, Writer};

/// Ids that the writer does not hand out.
#[derive(Debug)]
pub(super) struct SpareIds(Mutex<Spare>);

#[derive(Debug)]
struct Spare {
    contacts: IdBlock,
    runs: IdBlock,
}

impl Default for SpareIds {
    fn default() -> Self {
        let nothing = IdBlock::new(1, 0);
        Self(Mutex::new(Spare { contacts: nothing, runs: nothing }))
    }
}

impl SpareIds {
    /// A block of `count` ids, with so many for runs, that nobody else hands out.
    pub(super) async fn reserve(
        &self,
        writer: &Writer,
        tenant: Tenant,
        count: i64,
        runs: i64,
    ) -> Result<IdBlock, StoreError> {
        if let Some(block) = self.spare().take(count, runs) {
            return Ok(block);
        }
        let (contacts, of_runs) = (ID_BLOCK_SIZE.max(count), ID_BLOCK_SIZE.max(runs));
        let reserve =
            writer.write(tenant, move |transaction| transaction.reserve_ids(contacts, of_runs));
        let fresh = reserve.await?;
        let mut fresh = Spare { contacts: fresh, runs: IdBlock::new(fresh.next_run(), of_runs) };
        let block = fresh.take(count, runs);
        *self.spare() = fresh;
        block.ok_or_else(|| StoreError::internal("fewer ids were reserved than asked for"))
    }

    /// Takes back the rest of a block, unless ids after it were handed out.
    pub(super) fn give_back(&self, left: IdBlock) {
        let contacts = &mut self.spare().contacts;
        if contacts.next() == left.next() + left.left() {
            *contacts = IdBlock::new(left.next(), left.left() + contacts.left());
        }
    }

    fn spare(&self) -> MutexGuard<'_, Spare> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare {
    /// Takes the first ids, if there are that many.
    fn take(&mut self, count: i64, runs: i64) -> Option<IdBlock> {
        if self.contacts.left() < count || self.runs.left() < runs {
            return None;
        }
        let taken = IdBlock::new(self.contacts.next(), count).with_runs(self.runs.next());
        for (block, count) in [(&mut self.contacts, count), (&mut self.runs, runs)] {
            *block = IdBlock::new(block.next() + count, block.left() - count);
        }
        Some(taken)
    }
}
