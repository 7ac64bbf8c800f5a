//! Plans: dry runs that are kept, to be reviewed and applied later.

use std::sync::Arc;
use std::time::Duration;

use contacts_domain::{ContactId, Timestamp};

/// How long a plan is kept: 24 hours.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The most bytes that the plans of an organization have together: 256 MiB. A plan counts for at least
/// 256 KiB.
pub const BYTES_AT_MOST: i64 = 256 << 20;

const LEAST_WEIGHT: usize = 256 << 10;

/// A plan, as an API has written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    /// When it was made.
    pub at: Timestamp,
    /// The contacts that it names, each once. It is erased when one of them is purged.
    pub contacts: Vec<ContactId>,
    /// What is shown of it as a whole.
    pub head: Arc<[u8]>,
    /// The request.
    pub request: Arc<[u8]>,
    /// What would become of each item.
    pub results: Arc<[u8]>,
}

/// A plan as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHead {
    /// When it was made.
    pub at: Timestamp,
    /// What is shown of it.
    pub shown: Arc<[u8]>,
}

/// A part of a plan that is read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanPart {
    /// The request.
    Request,
    /// What would become of each item.
    Results,
}

/// A change of the plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanChange {
    /// Keeps one, unless all plans of the organization would have more than so many bytes.
    Add {
        /// The plan.
        plan: KeptPlan,
        /// The bytes.
        bytes_at_most: i64,
    },
    /// Forgets it.
    Delete,
}

impl KeptPlan {
    /// How many bytes it counts for.
    pub fn weight(&self) -> i64 {
        let bytes = self.head.len() + self.request.len() + self.results.len();
        i64::try_from(bytes.max(LEAST_WEIGHT)).unwrap_or(i64::MAX)
    }
}
