//! Letting a decision decide, away from the threads that talk to the database.

use std::sync::Arc;

use contacts_application::compute::{catch_panic, compute};
use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded, Writes};

use crate::failure::Failure;

/// How many ids a decision may ask for, and with them how many items it may have, to be made right
/// here: to hand it to another thread takes longer.
const AT_ONCE: i64 = 32;

/// What was decided.
pub(super) struct Decided<R> {
    pub(super) writes: Writes,
    pub(super) report: R,
    /// The ids that were not taken.
    pub(super) left: IdBlock,
}

/// Lets the decision decide about what was found.
///
/// # Errors
///
/// When it panics, or runs out of ids.
pub(super) async fn decide<D: Decision>(
    decision: Arc<D>,
    found: Loaded,
    mut ids: IdBlock,
) -> Result<Decided<D::Report>, Failure> {
    let takes_a_while = decision.ids_at_most() > AT_ONCE;
    let deciding = move || {
        let (writes, report) = decision.decide(found, &mut ids)?;
        Ok(Decided { writes, report, left: ids })
    };
    let decided = if takes_a_while { compute(deciding).await } else { catch_panic(deciding) };
    decided.map_err(|panic| Failure::internal(format_args!("a decision {panic}")))?
}
