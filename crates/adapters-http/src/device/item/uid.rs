//! The `uid`: the id of a contact in the device contract.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use contacts_domain::ContactId;
use contacts_domain::upsert::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use crate::device::faults::Faults;
use crate::problem::Problem;
use crate::reply::summary::Summary;
use crate::reply::to_json;
use crate::request::contact_id;

/// The contact of a path. A path that cannot name one is refused like an unknown contact.
pub(crate) struct Uid(pub(crate) ContactId);

impl<S: Send + Sync> FromRequestParts<S> for Uid {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(uid)| contact_id::parse(&uid));
        id.map(Self).ok_or_else(Faults::unknown_uid)
    }
}

/// The contact that an item was stored as.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceUid, example = json!({ "uid": 42 }))]
pub(super) struct UidReply {
    /// The id of the contact; null where a dry run would create it.
    #[schema(required)]
    uid: Option<i64>,
}

impl UidReply {
    /// The answer for the one contact of these outcomes.
    pub(super) fn answer(outcomes: &[Outcome]) -> Result<Response, Problem> {
        let contact = outcomes.iter().find_map(|outcome| outcome.contact.as_ref());
        let contact =
            contact.ok_or_else(|| Problem::internal("an item was stored as no contact"))?;
        let uid = contact.id.map(ContactId::get);
        Ok(Summary::of(outcomes).add_to(to_json(&Self { uid })?))
    }
}
