//! A batch that was answered.

use std::time::Instant;

use super::item::Item;
use super::reply::Verdict;

/// A batch that was answered.
#[derive(Debug)]
pub struct Delivery {
    /// The number of the writer.
    pub writer: u16,
    /// When it was first sent.
    pub sent: Instant,
    /// When its answer arrived.
    pub answered: Instant,
    /// How often it was sent without an answer. Each time it may have been stored.
    pub doubts: u32,
    /// The items with their verdicts.
    pub items: Vec<(Item, Verdict)>,
}
