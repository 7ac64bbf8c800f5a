//! The contact that a path names: `{type}/{id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::Caller;
use contacts_domain::ContactId;
use contacts_domain::contact::ContactType;

use crate::problem::corrupt::require_readable;
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::contact_id;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};

/// The contact of a path, or `None` if the path cannot name one.
pub(super) struct ContactPath(Option<(ContactType, ContactId)>);

impl<S: Send + Sync> FromRequestParts<S> for ContactPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<(String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        Ok(Self(path.ok().and_then(|Path((contact_type, id))| {
            Some((contact_type_of_contract(&contact_type)?, contact_id::parse(&id)?))
        })))
    }
}

/// The ERP contract has no contacts of type ENDPOINT.
fn contact_type_of_contract(name: &str) -> Option<ContactType> {
    ContactType::parse(name).filter(|contact_type| *contact_type != ContactType::Endpoint)
}

impl ContactPath {
    /// The contact, redacted for the caller. A path that cannot name a contact is answered like a
    /// contact that does not exist.
    pub(super) async fn show(
        self,
        services: &Services,
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
        let finding = services.get_contact.execute(caller, Some(contact_type), id, lifecycle);
        let found = timed(Step::Store, finding).await?;
        let record = match (found, lifecycle) {
            (Some(record), _) => record,
            (None, Lifecycle::Deleted) => return Err(unknown()),
            (None, Lifecycle::Living) => {
                let survivor =
                    services.get_contact.survivor(caller, Some(contact_type), id).await?;
                return Err(survivor.map_or_else(unknown, Problem::merged));
            }
        };
        require_readable(&record)?;
        let document = Redaction::of(caller.scopes).document(&record.document);
        Ok(json(document.map_err(Problem::internal)?.into_owned()))
    }
}
