//! The contact that a path names: `{type}/{id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::Caller;
use contacts_domain::ContactId;
use contacts_domain::contact::ContactType;

use super::redaction::Redaction;
use crate::answer::json;
use crate::contact_id;
use crate::damage;
use crate::problem::{Kind, Problem};
use crate::state::AppState;

/// The contact that a path names, if it can name one at all.
pub(super) struct ContactPath(Option<(ContactType, ContactId)>);

impl FromRequestParts<AppState> for ContactPath {
    type Rejection = Problem;

    /// Never turns anyone away: a path that names nothing is answered like a contact that does not
    /// exist, after the caller has been found to be allowed to know.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let path: Result<Path<(String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        Ok(Self(path.ok().and_then(|Path((contact_type, id))| {
            Some((contact_type_of_contract(&contact_type)?, contact_id::parse(&id)?))
        })))
    }
}

/// The contract knows no endpoints.
fn contact_type_of_contract(name: &str) -> Option<ContactType> {
    ContactType::parse(name).filter(|contact_type| *contact_type != ContactType::Endpoint)
}

impl ContactPath {
    /// The contact as the caller may see it.
    ///
    /// # Errors
    ///
    /// When the caller may not read; when there is no such contact; when it cannot be read, or the store fails.
    pub(super) async fn show(
        self,
        state: &AppState,
        caller: &Caller,
        lifecycle: Lifecycle,
    ) -> Result<Response, Problem> {
        let unknown = || {
            let lifecycle = match lifecycle {
                Lifecycle::Living => "",
                Lifecycle::Deleted => "deleted ",
            };
            Problem::new(Kind::UnknownContact, format!("there is no such {lifecycle}contact"))
        };
        let Self(Some((contact_type, id))) = self else { return Err(unknown()) };
        let found = state.services.get_contact.execute(caller, contact_type, id, lifecycle).await?;
        let record = found.ok_or_else(unknown)?;
        damage::is_not_in(&record)?;
        let seen = Redaction::of(caller.scopes).document(&record.document);
        Ok(json(seen.map_err(Problem::internal)?.into_owned()))
    }
}
