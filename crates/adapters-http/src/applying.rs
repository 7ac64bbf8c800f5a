//! Writes: in the memory that it needs, timed, and counted unless it is a dry run.

use contacts_application::ports::StoreErrorKind;
use contacts_application::use_cases::{Prepared, UpsertContacts, UseCaseError};
use contacts_domain::decision::MAX_LOADED_BYTES;
use contacts_domain::upsert::Outcome;

use crate::limits::Room;
use crate::problem::Problem;
use crate::telemetry::items::ItemReport;
use crate::telemetry::steps::{Step, note_items, timed};

/// The bytes of documents of a usual merge or undo.
const USUAL_BYTES: usize = 1 << 20;

/// The most bytes of documents that a merge or an undo loads: it reads all of them at once.
const MAX_BYTES: usize = 64 << 20;

/// Applies a batch of a request, first with the documents that a usual batch of its size loads and
/// answers; if it needs more, in a turn of its own. Then the request holds what its answer needs.
pub(crate) async fn apply(
    upsert: &UpsertContacts,
    batch: Prepared,
    room: &Room,
) -> Result<Vec<Outcome>, Problem> {
    let dry_run = batch.is_dry_run();
    let outcomes = counted(dry_run, apply_in_turn(upsert, batch, room).await?);
    room.shrink_to(outcomes.iter().map(size).sum());
    Ok(outcomes)
}

async fn apply_in_turn(
    upsert: &UpsertContacts,
    mut batch: Prepared,
    room: &Room,
) -> Result<Vec<Outcome>, Problem> {
    match timed(Step::Store, upsert.apply(&mut batch)).await {
        Err(error) if is_too_large(&error) && batch.documents_at_most() < MAX_LOADED_BYTES => {
            let _turn = room.turn().await?;
            batch.hold_at_most(MAX_LOADED_BYTES);
            Ok(timed(Step::Store, upsert.apply(&mut batch)).await?)
        }
        applied => Ok(applied?),
    }
}

/// About how many bytes an outcome holds.
fn size(outcome: &Outcome) -> usize {
    outcome.bytes() + (1 << 10) + 512 * outcome.violations.len()
}

/// Merges or undoes, first with the documents that a usual request loads; if it needs more, in a turn of
/// its own.
pub(crate) async fn change<F, T>(
    room: &Room,
    dry_run: bool,
    change: impl Fn(usize) -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, UseCaseError>>,
    T: ItemReport,
{
    match timed(Step::Store, change(USUAL_BYTES)).await {
        Err(error) if is_too_large(&error) => {
            let _turn = room.turn().await?;
            write(dry_run, change(MAX_BYTES)).await
        }
        changed => Ok(counted(dry_run, changed?)),
    }
}

/// Writes what takes little memory.
pub(crate) async fn write<T: ItemReport>(
    dry_run: bool,
    writing: impl Future<Output = Result<T, UseCaseError>>,
) -> Result<T, Problem> {
    Ok(counted(dry_run, timed(Step::Store, writing).await?))
}

fn counted<T: ItemReport>(dry_run: bool, report: T) -> T {
    if !dry_run {
        note_items(&report);
    }
    report
}

fn is_too_large(error: &UseCaseError) -> bool {
    match error {
        UseCaseError::DocumentsTooLarge(_) => true,
        UseCaseError::Store(error) => error.kind() == StoreErrorKind::TooLarge,
        UseCaseError::Access(_)
        | UseCaseError::Ladder(_)
        | UseCaseError::NotDone(_)
        | UseCaseError::Panicked(_) => false,
    }
}
