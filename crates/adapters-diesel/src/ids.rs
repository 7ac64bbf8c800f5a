//! Ids: blocks set aside in the database, handed out from memory.

use contacts_application::ports::ID_BLOCK_SIZE;
use contacts_domain::{IdBlock, MAX_SAFE_INTEGER};
use diesel::prelude::*;

use super::failure::Failure;
use super::schema::id_counter;

/// The ids that this store may hand out.
///
/// All of it happens inside write transactions, of which there is one at a time in all processes.
/// So the counter can be read, ids be offered, and the counter be moved only if one was taken: a
/// request that creates nothing writes nothing. A copy taken at the beginning of a transaction
/// undoes what it did, as the transaction undoes the counter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    block: IdBlock,
    /// Whether the counter in the database is past the block.
    reserved: bool,
}

impl Ids {
    /// No ids yet.
    pub(super) fn new() -> Self {
        Self { block: IdBlock::new(1, 0), reserved: false }
    }

    /// A block of `count` ids, of which nothing is handed out before it is [kept](Self::keep).
    ///
    /// # Errors
    ///
    /// When the counter cannot be read, or there are no more ids.
    pub(super) fn offer(
        &mut self,
        connection: &mut SqliteConnection,
        count: i64,
    ) -> Result<IdBlock, Failure> {
        // What was offered but not taken is not set aside: another process may have it by now.
        if self.block.left() < count || (!self.reserved && count > 0) {
            let next: i64 = id_counter::table.select(id_counter::next_id).get_result(connection)?;
            let size = ID_BLOCK_SIZE.max(count);
            if MAX_SAFE_INTEGER - next < size {
                return Err(Failure::internal("there are no more ids below 2^53"));
            }
            *self = Self { block: IdBlock::new(next, size), reserved: false };
        }
        Ok(IdBlock::new(self.block.next(), count))
    }

    /// Hands out what was taken from the block that was [offered](Self::offer) last.
    ///
    /// # Errors
    ///
    /// When the counter cannot be written.
    pub(super) fn keep(
        &mut self,
        connection: &mut SqliteConnection,
        offered: IdBlock,
    ) -> Result<(), Failure> {
        let taken = offered.next() - self.block.next();
        if taken == 0 {
            return Ok(());
        }
        let end = self.block.next() + self.block.left();
        if !self.reserved {
            diesel::update(id_counter::table)
                .set(id_counter::next_id.eq(end))
                .execute(connection)?;
        }
        *self = Self { block: IdBlock::new(offered.next(), end - offered.next()), reserved: true };
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
    fn ids_that_nobody_takes_cost_no_write() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let offered = ids.offer(connection, 1_000).unwrap();
        ids.keep(connection, offered).unwrap();
        assert_eq!((offered.left(), counter(connection)), (1_000, 1));
    }

    #[test]
    fn what_is_left_of_an_offer_goes_to_the_next() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let mut offered = ids.offer(connection, 10).unwrap();
        assert_eq!([offered.take(), offered.take()], [Some(1), Some(2)]);
        ids.keep(connection, offered).unwrap();
        assert_eq!(counter(connection), 1 + ID_BLOCK_SIZE);
        assert_eq!(ids.offer(connection, 10).unwrap().take(), Some(3));
    }

    #[test]
    fn a_request_may_take_more_ids_than_a_block_has() {
        let connection = &mut memory();
        let mut ids = Ids::new();
        let mut offered = ids.offer(connection, 3 * ID_BLOCK_SIZE).unwrap();
        while offered.take().is_some() {}
        ids.keep(connection, offered).unwrap();
        assert_eq!(counter(connection), 1 + 3 * ID_BLOCK_SIZE);
        assert_eq!(ids.offer(connection, 1).unwrap().take(), Some(1 + 3 * ID_BLOCK_SIZE));
    }

    #[test]
    fn ids_end_below_two_to_the_power_of_53() {
        let connection = &mut memory();
        diesel::update(id_counter::table)
            .set(id_counter::next_id.eq(MAX_SAFE_INTEGER - 5))
            .execute(connection)
            .unwrap();
        assert!(Ids::new().offer(connection, 1).is_err());
    }
}
