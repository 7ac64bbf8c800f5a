//! For tests: a store in memory, the contract suite that every store has to pass, builders.
//!
//! [`MemoryStore`] stands in for a database in the tests of a front door. Whoever writes a store
//! of their own runs the suite on it with [`store_contract!`](crate::store_contract); see
//! [`contract`].

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is called from tests alone fails loudly"
)]

mod builders;
pub mod contract;
mod memory_store;

pub use builders::{StoppedClock, batch, caller, context, now, organization};
pub use memory_store::MemoryStore;
