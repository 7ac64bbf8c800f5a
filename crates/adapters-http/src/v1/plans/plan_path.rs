//! The id of a plan in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use contacts_domain::decision::RequestKey;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use uuid::Uuid;

use crate::problem::{Kind, Problem};

/// The plan of the path `/v1/contacts/plans/{id}`. A path that cannot name a plan is answered like a
/// plan that does not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlanPath(pub(super) Uuid);

impl PlanPath {
    /// What the plan is kept by, and the answer to its application.
    pub(super) fn key(self) -> RequestKey {
        RequestKey(Sha256::new_with_prefix("plan ").chain_update(self.0).finalize().into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PlanPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, _> = Path::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(id)| Uuid::try_parse(&id).ok());
        id.map(Self).ok_or_else(unknown)
    }
}

impl IntoParams for PlanPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uuid".to_owned())));
        let path = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path);
        let path = path.required(Required::True).description(Some("The id of the plan."));
        vec![path.schema(Some(id)).build()]
    }
}

/// There is no such plan.
pub(super) fn unknown() -> Problem {
    Problem::new(Kind::UnknownPlan, "there is no such plan, or it has expired")
}
