//! The id of a run in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use contacts_domain::RunId;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::problem::{Kind, Problem};

/// The run of the path `/v1/runs/{id}`. A path that cannot name a run is answered like a run that
/// does not exist.
pub(crate) struct RunPath(pub(in crate::v1) RunId);

impl<S: Send + Sync> FromRequestParts<S> for RunPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, _> = Path::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(id)| parse(&id));
        id.map(Self).ok_or_else(unknown)
    }
}

impl IntoParams for RunPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1));
        let path = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path);
        let path = path.required(Required::True).description(Some("The id of the run."));
        vec![path.schema(Some(id)).build()]
    }
}

/// The id in a text: plain digits without leading zeros.
pub(super) fn parse(text: &str) -> Option<RunId> {
    let id = RunId::new(text.parse().ok()?)?;
    (id.to_string() == text).then_some(id)
}

/// There is no such run.
pub(super) fn unknown() -> Problem {
    Problem::new(Kind::UnknownRun, "there is no such run, or it is no longer kept")
}
