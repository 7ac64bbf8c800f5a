#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is called from tests alone fails loudly"
)]

mod builders;
pub mod contract;
mod memory_store;

pub use builders::{StoppedClock, batch, caller, context, now, organization, sent_item};
pub use memory_store::MemoryStore;
