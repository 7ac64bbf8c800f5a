//! The answer to a list of items: the result of each.

use axum::response::Response;
use contacts_domain::upsert::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply::json;
use crate::reply::summary::Summary;
use crate::request::offload::offload;

/// More results are written on another thread.
const MANY_RESULTS: usize = 128;

/// The results of a list of items.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceResults)]
pub(super) struct ResultsReply {
    /// One element per item, in the order of the request.
    result: Vec<ResultReply>,
}

/// The result of one item.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeviceResult)]
pub(super) struct ResultReply {
    /// The key of the item, as sent; given by the server where the item had none, but null in a dry
    /// run.
    #[schema(required, format = "uuid", example = "91c615e3-1040-4815-8ecb-039a18b756b1")]
    pub(super) link_id: Option<String>,
    /// Whether it was done.
    pub(super) success: bool,
    /// What was done.
    pub(super) extended_info: ExtendedInfo,
}

/// What was done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeviceExtendedInfo)]
pub(super) enum ExtendedInfo {
    /// It is new.
    Created,
    /// It was there and is updated.
    Updated,
    /// It is deleted.
    Deleted,
    /// It was not there.
    EntityNotFound,
}

impl ResultsReply {
    /// The answer with the results of these outcomes.
    pub(super) fn answer(
        outcomes: &[Outcome],
        result: Vec<ResultReply>,
    ) -> Result<Response, Problem> {
        let body = serde_json::to_vec(&Self { result }).map_err(Problem::internal)?;
        Ok(Summary::of(outcomes).add_to(json(body)))
    }
}

/// Answers, on another thread if the results are many.
pub(super) async fn answer(
    outcomes: Vec<Outcome>,
    reply: impl FnOnce(Vec<Outcome>) -> Result<Response, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    offload(outcomes.len() > MANY_RESULTS, move || reply(outcomes)).await?
}
