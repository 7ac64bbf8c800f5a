//! Runs a decision, off the async threads if it is large.

use std::sync::Arc;

use contacts_application::compute::{catch_panic, compute};
use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded, Writes};

use crate::connect::Failure;

/// The most work of a decision that runs on the current thread, in bytes of JSON: handing it to
/// another thread would take longer.
const SMALL: usize = 32 * 1_024;

pub(crate) struct Decided<R> {
    pub(crate) writes: Writes,
    pub(crate) report: R,
    /// The unused ids.
    pub(crate) left: IdBlock,
}

/// Runs the decision on what was loaded. A panic becomes a failure.
pub(crate) async fn decide<D: Decision>(
    decision: Arc<D>,
    loaded: Loaded,
    mut ids: IdBlock,
) -> Result<Decided<D::Report>, Failure> {
    let is_large = decision.work(&loaded) > SMALL;
    let deciding = move || {
        let (writes, report) = decision.decide(loaded, &mut ids)?;
        Ok(Decided { writes, report, left: ids })
    };
    let decided = if is_large { compute(deciding).await } else { catch_panic(deciding) };
    decided.map_err(|panic| Failure::internal(format_args!("a decision {panic}")))?
}
