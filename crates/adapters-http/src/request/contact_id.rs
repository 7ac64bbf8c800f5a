//! The id of a contact in a path.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use contacts_domain::ContactId;

use crate::problem::{Kind, Problem};

/// The contact of the path `…/{id}`. A path that cannot name a contact is answered like a contact
/// that does not exist.
pub(crate) struct ContactIdPath(pub(crate) ContactId);

impl<S: Send + Sync> FromRequestParts<S> for ContactIdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(id)| parse(&id));
        let unknown = || Problem::new(Kind::UnknownContact, "there is no such contact");
        id.map(Self).ok_or_else(unknown)
    }
}

/// The id in a text. Accepts plain digits without leading zeros, so that a contact has one path.
pub(crate) fn parse(text: &str) -> Option<ContactId> {
    let id = ContactId::new(text.parse().ok()?)?;
    (id.to_string() == text).then_some(id)
}
