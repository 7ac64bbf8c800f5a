//! The id of a contact, as devices know it.

use std::convert::Infallible;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use contacts_domain::ContactId;
use contacts_domain::upsert::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use super::faults::Faults;
use crate::answer::json;
use crate::contact_id;
use crate::problem::Problem;
use crate::state::AppState;

/// What the wire calls the id of a contact.
pub(super) const UID: &str = "uid";

/// What is wrong with an id that names nothing that a device may see.
pub(super) const UNKNOWN_UID: &str = "no contact of the directory has this id";

/// The contact that a path names, if it can name one at all.
pub(super) struct Uid(Option<ContactId>);

impl FromRequestParts<AppState> for Uid {
    type Rejection = Infallible;

    /// Never turns anyone away: a path that names nothing is answered like a contact that does not
    /// exist, after the caller has been found to be allowed to know.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        Ok(Self(path.ok().and_then(|Path(uid)| contact_id::parse(&uid))))
    }
}

impl Uid {
    /// The id.
    ///
    /// # Errors
    ///
    /// When the path names none.
    pub(super) fn require(self) -> Result<ContactId, Problem> {
        self.0.ok_or_else(Self::unknown)
    }

    /// The answer where there is no such contact.
    pub(super) fn unknown() -> Problem {
        Faults::one(UID, UNKNOWN_UID)
    }
}

/// The contact that an item was stored as.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceUid)]
pub(super) struct UidReply {
    /// The id of the contact.
    #[schema(example = 42)]
    uid: i64,
}

impl UidReply {
    /// The answer about the one contact that was stored.
    ///
    /// # Errors
    ///
    /// When none was.
    pub(super) fn answer(outcomes: &[Outcome]) -> Result<Response, Problem> {
        let contact = outcomes.iter().find_map(|outcome| outcome.contact.as_ref());
        let contact =
            contact.ok_or_else(|| Problem::internal("an item was stored as no contact"))?;
        let reply = Self { uid: contact.record.id.get() };
        Ok(json(serde_json::to_vec(&reply).map_err(Problem::internal)?))
    }
}
