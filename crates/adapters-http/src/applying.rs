//! Applies a batch in the memory that it needs.

use std::sync::Arc;

use contacts_application::ports::StoreErrorKind;
use contacts_application::use_cases::{UpsertContacts, UseCaseError};
use contacts_domain::decision::MAX_LOADED_BYTES;
use contacts_domain::upsert::{Batch, Outcome};

use crate::limits::{Room, allowance};
use crate::problem::Problem;

/// Applies a batch of a request with a body of that length, first with the documents that a usual
/// batch of its size loads and answers; if it needs more, in a turn of its own.
pub(crate) async fn apply(
    upsert: &UpsertContacts,
    batch: Batch,
    body: usize,
    room: &Room,
) -> Result<Vec<Outcome>, Problem> {
    let allowance = allowance(body, batch.len());
    let batch = Arc::new(batch.holding_at_most(allowance));
    match upsert.apply(Arc::clone(&batch)).await {
        Err(error) if is_too_large(&error) && allowance < MAX_LOADED_BYTES => {
            let _turn = room.turn().await?;
            let batch = Arc::unwrap_or_clone(batch).holding_at_most(MAX_LOADED_BYTES);
            Ok(upsert.apply(Arc::new(batch)).await?)
        }
        applied => Ok(applied?),
    }
}

fn is_too_large(error: &UseCaseError) -> bool {
    match error {
        UseCaseError::DocumentsTooLarge(_) => true,
        UseCaseError::Store(error) => error.kind() == StoreErrorKind::TooLarge,
        UseCaseError::Access(_) | UseCaseError::Panicked(_) => false,
    }
}
