//! `DELETE /v1/contacts/{id}`: deletes or purges one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Deletion;
use contacts_domain::AliasKey;
use contacts_domain::purging::PurgeTarget;
use contacts_domain::upsert::Outcome;

use super::answer::{answer, answer_of};
use super::change::{expected, one};
use crate::applying::write;
use crate::limits::{Room, Unit};
use crate::openapi::{WritingHeaders, WritingProblems};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Delete};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;
use crate::v1::parameters::Parameters;

/// Delete one contact
///
/// The contact is found no more, and its keys are free. It can be restored, unless it is purged: then
/// nothing of it is left but its id, neither in its history nor in answers that are kept for idempotency
/// keys, and plans that name it are forgotten. A contact that is deleted already can be purged. Keys of
/// contacts that were merged into it go with it.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{id}",
    tag = "native",
    operation_id = "deleteOneContact",
    params(
        ContactIdPath,
        ("purge" = Option<bool>, Query, description = "Whether to purge the contact."),
        IfMatch,
        WritingHeaders,
    ),
    responses((status = NO_CONTENT, description = "The contact is deleted, or purged."), WritingProblems),
)]
pub(super) async fn delete(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Delete>,
    ContactIdPath(id): ContactIdPath,
    if_match: IfMatch,
    preferences: Preferences,
    mut parameters: Parameters,
    (room, once): (Room, Once),
) -> Result<Response, Problem> {
    let is_purge = parameters.word("purge")?.unwrap_or(false);
    parameters.end()?;
    room.count(Unit::Items, 1)?;
    let (key, scopes) = (AliasKey::Id(id), caller.scopes);
    let reply = move |outcomes: Vec<Outcome>| answer_of(scopes, preferences, one(&outcomes)?);
    let (keeping, dry_run) = (once.keeping_batch(reply), preferences.dry_run);
    let outcomes = if is_purge {
        let targets = vec![PurgeTarget { key, version: if_match.one()? }];
        write(dry_run, services.purge_contacts.execute(&caller, targets, dry_run, keeping)).await?
    } else {
        let version = expected(&services, &caller, id, if_match).await?;
        let deletions = vec![Deletion { key, version }];
        write(dry_run, services.delete_contacts.execute(&caller, deletions, dry_run, keeping))
            .await?
    };
    answer(&services, &caller, preferences, Some(id), one(&outcomes)?).await
}
