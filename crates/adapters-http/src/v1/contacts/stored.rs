//! The stored contact that a request names.

use contacts_application::access::Scope;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::Caller;
use contacts_domain::ContactId;
use contacts_domain::contact::Record;

use crate::problem::{Kind, Problem};
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

/// The living contact of that id.
pub(super) async fn living(
    services: &Services,
    caller: &Caller,
    id: ContactId,
) -> Result<Record, Problem> {
    match timed(Step::Store, services.get_contact.execute(caller, None, id, Lifecycle::Living))
        .await?
    {
        Some(record) => Ok(record),
        None => Err(missing(services, caller, id).await?),
    }
}

/// Why there is no living contact of that id: it was merged, which a caller who may read learns, or
/// there is none.
pub(super) async fn missing(
    services: &Services,
    caller: &Caller,
    id: ContactId,
) -> Result<Problem, Problem> {
    let unknown = || Problem::new(Kind::UnknownContact, "there is no such contact");
    if caller.require(Scope::Read).is_err() {
        return Ok(unknown());
    }
    let survivor = services.get_contact.survivor(caller, None, id).await?;
    Ok(survivor.map_or_else(unknown, Problem::merged))
}
