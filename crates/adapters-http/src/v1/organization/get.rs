//! `GET /v1/organization`: the caller's organization.

use axum::response::Response;

use super::body::OrganizationBody;
use crate::openapi::{CallHeaders, CallProblems};
use crate::problem::Problem;
use crate::reply::to_json;
use crate::request::authorized::{Authorized, Read};
use crate::v1::parameters::NoParameters;

/// The organization
///
/// Its name and the settings that decide which keys its contacts have.
#[utoipa::path(
    get,
    path = "/v1/organization",
    tag = "native",
    operation_id = "getOrganization",
    params(CallHeaders),
    responses(
        (
            status = OK,
            description = "The organization.",
            body = OrganizationBody,
            example = json!({
                "id": 1, "name": "Muster AG", "region": "CH", "matchBy": ["email"],
                "respelling": "take",
            }),
        ),
        CallProblems,
    ),
)]
pub(super) async fn get(
    Authorized(caller, _): Authorized<Read>,
    _: NoParameters,
) -> Result<Response, Problem> {
    to_json(&OrganizationBody::from(&caller.organization))
}
