//! `DELETE /v1/contacts/{id}`: deletes one contact.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::use_cases::Deletion;
use contacts_domain::AliasKey;
use contacts_domain::upsert::Outcome;

use super::answer::{answer, answer_of};
use super::change::{expected, one};
use crate::openapi::{WritingHeaders, WritingProblems};
use crate::problem::Problem;
use crate::request::authorized::{Authorized, Delete};
use crate::request::contact_id::ContactIdPath;
use crate::request::idempotency::Once;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::entity_tag::IfMatch;

/// Delete one contact
///
/// The contact is found no more, and its keys are free. It can be restored.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{id}",
    tag = "native",
    operation_id = "deleteOneContact",
    params(ContactIdPath, IfMatch, WritingHeaders),
    responses((status = NO_CONTENT, description = "The contact is deleted."), WritingProblems),
)]
pub(super) async fn delete(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Delete>,
    ContactIdPath(id): ContactIdPath,
    if_match: IfMatch,
    preferences: Preferences,
    once: Once,
) -> Result<Response, Problem> {
    let version = expected(&services, &caller, id, if_match).await?;
    let deletion = Deletion { key: AliasKey::Id(id), version };
    let scopes = caller.scopes;
    let reply = move |outcomes: Vec<Outcome>| answer_of(scopes, preferences, one(&outcomes)?);
    let (delete, keeping) = (&services.delete_contacts, once.keeping_batch(reply));
    let outcomes = delete.execute(&caller, vec![deletion], preferences.dry_run, keeping).await?;
    answer(&services, &caller, preferences, Some(id), one(&outcomes)?).await
}
