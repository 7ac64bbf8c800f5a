//! Ids: reserved in the database in blocks, handed out from memory.

use contacts_application::ports::{ID_BLOCK_SIZE, StoreError};
use contacts_domain::{IdBlock, MAX_SAFE_INTEGER};
use diesel::prelude::*;

use crate::connect::Failure;
use crate::schema::id_counter;

/// The ids that this store may hand out: those of contacts and their parts, and those of runs.
///
/// It is used inside write transactions only, and all processes together run one of these at a
/// time. So a transaction reads the counter, offers ids, and moves the counter only if one of them
/// was taken: a request that creates nothing writes nothing. To roll back, restore a copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    contacts: Reserve,
    runs: Reserve,
}

#[derive(Debug, Clone, Copy)]
struct Reserve {
    block: IdBlock,
    /// Whether the counter in the database is already past the block.
    reserved: bool,
}

impl Ids {
    pub(super) fn new() -> Self {
        let nothing = Reserve { block: IdBlock::new(1, 0), reserved: false };
        Self { contacts: nothing, runs: nothing }
    }

    /// Offers a block of `count` ids with so many for runs. [`keep`](Self::keep) records which of them
    /// were taken.
    pub(super) fn offer(
        &mut self,
        connection: &mut SqliteConnection,
        count: i64,
        runs: i64,
    ) -> Result<IdBlock, Failure> {
        let contacts = self.contacts.offer(connection, count)?;
        let runs = self.runs.offer(connection, runs)?;
        Ok(contacts.with_runs(runs.next()))
    }

    /// Records which ids of the last [offer](Self::offer) were taken.
    pub(super) fn keep(
        &mut self,
        connection: &mut SqliteConnection,
        offered: IdBlock,
    ) -> Result<(), Failure> {
        self.contacts.keep(connection, offered.next())?;
        self.runs.keep(connection, offered.next_run())
    }
}

impl Reserve {
    fn offer(&mut self, connection: &mut SqliteConnection, count: i64) -> Result<IdBlock, Failure> {
        // Another process may have taken ids that were offered here but not reserved.
        if self.block.left() < count || (!self.reserved && count > 0) {
            let next: i64 = id_counter::table.select(id_counter::next_id).get_result(connection)?;
            let size = ID_BLOCK_SIZE.max(count);
            if MAX_SAFE_INTEGER - next < size {
                return Err(StoreError::internal("there are no more ids below 2^53").into());
            }
            *self = Self { block: IdBlock::new(next, size), reserved: false };
        }
        Ok(IdBlock::new(self.block.next(), count))
    }

    /// Records that the ids below `next` were taken.
    fn keep(&mut self, connection: &mut SqliteConnection, next: i64) -> Result<(), Failure> {
        if next == self.block.next() {
            return Ok(());
        }
        let end = self.block.next() + self.block.left();
        if !self.reserved {
            // A contact and a run may have the same id, so both reserves may have the same block.
            diesel::update(id_counter::table.filter(id_counter::next_id.lt(end)))
                .set(id_counter::next_id.eq(end))
                .execute(connection)?;
        }
        *self = Self { block: IdBlock::new(next, end - next), reserved: true };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory;

    fn counter(connection: &mut SqliteConnection) -> i64 {
        id_counter::table.select(id_counter::next_id).first(connection).unwrap()
    }

    #[test]
    fn unused_ids_write_nothing() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let offered = ids.offer(connection, 1_000, 1).unwrap();
        ids.keep(connection, offered).unwrap();
        assert_eq!((offered.left(), counter(connection)), (1_000, 1));
    }

    #[test]
    fn ids_left_of_an_offer_go_to_the_next() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let mut offered = ids.offer(connection, 10, 1).unwrap();
        assert_eq!([offered.take(), offered.take()], [Some(1), Some(2)]);
        ids.keep(connection, offered).unwrap();
        assert_eq!(counter(connection), 1 + ID_BLOCK_SIZE);
        assert_eq!(ids.offer(connection, 10, 1).unwrap().take(), Some(3));
    }

    #[test]
    fn request_may_take_more_ids_than_a_block() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let mut offered = ids.offer(connection, 3 * ID_BLOCK_SIZE, 1).unwrap();
        while offered.take().is_some() {}
        ids.keep(connection, offered).unwrap();
        assert_eq!(counter(connection), 1 + 3 * ID_BLOCK_SIZE);
        assert_eq!(ids.offer(connection, 1, 1).unwrap().take(), Some(1 + 3 * ID_BLOCK_SIZE));
    }

    #[test]
    fn ids_end_below_2_to_the_53() {
        let connection = &mut memory();
        diesel::update(id_counter::table)
            .set(id_counter::next_id.eq(MAX_SAFE_INTEGER - 5))
            .execute(connection)
            .unwrap();
        assert!(Ids::new().offer(connection, 1, 1).is_err());
    }
}
