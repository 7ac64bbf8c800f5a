//! Letting a decision decide, away from the threads that talk to the database.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded, Writes};
use tokio::task::{JoinError, spawn_blocking};

use crate::failure::Failure;
use crate::write::Stored;

/// How many ids a decision may ask for, and with them how many items it may have, to be made right
/// here: to hand it to another thread takes longer.
const AT_ONCE: i64 = 32;

/// What was decided.
pub(super) struct Decided<R> {
    pub(super) writes: Writes,
    /// What the writes are based on.
    pub(super) stored: Stored,
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
        let stored = Stored::of(&found.contacts);
        let (writes, report) = decision.decide(found, &mut ids)?;
        Ok(Decided { writes, stored, report, left: ids })
    };
    if takes_a_while {
        spawn_blocking(deciding).await.map_err(stopped)?
    } else {
        catch_unwind(AssertUnwindSafe(deciding)).map_err(|panic| fault(panic.as_ref()))?
    }
}

/// The failure of a decision that did not come to its end.
fn stopped(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => fault(panic.as_ref()),
        Err(_) => Failure::unavailable("the server is stopping"),
    }
}

/// The failure that a panic becomes.
fn fault(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::internal(format_args!("a decision panicked: {}", said.unwrap_or("without words")))
}
