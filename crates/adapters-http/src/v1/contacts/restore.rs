//! `POST /v1/contacts/{id}/restore`: restores a deleted contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::Scope;
use contacts_application::ledger::PageSize;
use contacts_application::use_cases::Caller;
use contacts_domain::restoring::{NotRestored, RestoreReport};
use contacts_domain::{Code, ContactId, RunId};

use super::answer::shown;
use super::change::stale;
use crate::applying::write;
use crate::limits::{Room, Unit};
use crate::openapi::{StoredContactSchema, WritingHeaders, WritingProblems, examples};
use crate::problem::{Kind, Problem};
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Merge};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;
use crate::v1::parameters::NoParameters;

/// Restore a deleted contact
///
/// The contact is what it was, with its keys. If another contact has one of them by now: 409, and `id`
/// names it. A contact that was merged is not restored: 409, `mergedInto` names the one that stayed, and
/// `run` the run to undo instead. A living contact stays as it is. `If-Match` names one version here.
#[utoipa::path(
    post,
    path = "/v1/contacts/{id}/restore",
    tag = "native",
    operation_id = "restoreContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    responses(
        (
            status = OK,
            description = "The contact, living.",
            body = StoredContactSchema,
            headers(("ETag" = String, description = "The version, as `\"7\"`.")),
            example = json!(examples::stored_contact()),
        ),
        WritingProblems,
    ),
)]
pub(super) async fn restore(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Merge>,
    (ContactIdPath(id), _): (ContactIdPath, NoParameters),
    if_match: IfMatch,
    preferences: Preferences,
    room: Room,
    once: Once,
) -> Result<Response, Problem> {
    let version = if_match.one()?;
    room.count(Unit::Items, 1)?;
    let scopes = caller.scopes;
    let reply = move |report: &RestoreReport| match report {
        Ok(record) => shown(scopes, preferences, record, &[]),
        Err(refused) => Err(refusal(refused, Redaction::of(scopes))),
    };
    let (restore, keeping) = (&services.restore_contact, once.keeping(reply));
    let restoring = restore.execute(&caller, id, version, preferences.dry_run, keeping);
    match write(preferences.dry_run, restoring).await? {
        Err(NotRestored::Merged(into)) if scopes.include(Scope::Read) => {
            let run = run_of_merge(&services, &caller, id).await?;
            Err(Problem::merge_stands(Some(into), run))
        }
        report => reply(&report),
    }
}

/// The run that merged a contact.
async fn run_of_merge(
    services: &Services,
    caller: &Caller,
    contact: ContactId,
) -> Result<Option<RunId>, Problem> {
    let last = PageSize { items: 1, bytes: usize::MAX };
    let history = services.read_ledger.history(caller, contact, None, last).await?;
    Ok(history.and_then(|(changes, _)| Some(changes.first()?.run.id)))
}

fn refusal(refused: &NotRestored, redaction: Redaction) -> Problem {
    match refused {
        NotRestored::Unknown => Problem::new(Kind::UnknownContact, refused.to_string()),
        NotRestored::Merged(_) => Problem::merge_stands(None, None),
        NotRestored::Stale(version) => stale(*version),
        NotRestored::KeyTaken { owner, .. } => {
            let owner = Some(*owner).filter(|_| redaction.shows_contacts);
            let detail = owner.is_some().then(|| refused.to_string());
            let code = Some(Code::UniqueViolation);
            Problem::contact_refused(Kind::KeyTaken, detail, code, Vec::new(), owner)
        }
        NotRestored::Overtaken | NotRestored::Unreadable(_) => {
            Problem::internal(refused.to_string())
        }
    }
}
