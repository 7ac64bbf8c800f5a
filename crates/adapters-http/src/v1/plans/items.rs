//! `GET /v1/contacts/plans/{id}/items`: what would become of each item of a plan, and what did.

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::LINK;
use axum::response::Response;
use contacts_application::plans::PlanPart;
use contacts_domain::upsert::Verdict;
use serde::Serialize;
use utoipa::ToSchema;

use super::kept_results;
use super::plan_path::{PlanPath, unknown};
use crate::openapi::{CallHeaders, PlanProblems};
use crate::problem::{Kind, Problem};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Read};
use crate::request::list_turn::ListTurn;
use crate::request::offload::offload;
use crate::state::Services;
use crate::telemetry::steps::{Step, timed};
use crate::v1::batch::result::ResultBody;
use crate::v1::parameters::Parameters;
use crate::v1::parameters::cursor::{self, CURSOR, next_page};

/// How many items a page has without `limit`.
const DEFAULT_LIMIT: usize = 100;

/// The most bytes of a page, one item aside.
const PAGE_BYTES: usize = 8 << 20;

/// The parameters of a page of items.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct PlanItemsParams {
    /// Only the items with one of these verdicts, between commas: what became of them, if the plan was
    /// applied, else what would.
    #[param(example = "updated,stale")]
    verdict: Option<String>,
    /// The most items of a page; 100 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Where the page begins: that of a link to the next page.
    cursor: Option<String>,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanItems)]
pub(super) struct PlanItemsBody<'a> {
    /// The items, in the order of the request.
    items: Vec<PlanItemBody<'a>>,
}

/// What would become of an item.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanItem)]
struct PlanItemBody<'a> {
    #[serde(flatten)]
    planned: ResultBody<'a>,
    /// What became of it; left out until the plan is applied.
    #[schema(required = false)]
    applied: ResultBody<'a>,
}

/// The items of a plan
///
/// What would become of each item, with what would change; and what became of it, if the plan was
/// applied. The header `Link` names the next page; the last page has none.
#[utoipa::path(
    get,
    path = "/v1/contacts/plans/{id}/items",
    tag = "native",
    operation_id = "listPlanItems",
    params(CallHeaders, PlanPath, PlanItemsParams),
    responses(
        (
            status = OK,
            description = "The page, which may be empty.",
            body = PlanItemsBody<'_>,
            headers(("Link" = String, description = "The next page, as `<URL>; rel=\"next\"`.")),
            example = json!({"items": [{
                "index": 0, "verdict": "updated", "id": 42, "version": 3,
                "matchedBy": "externalId",
                "changes": [{"pointer": "/lastName", "from": "Rochat", "to": "Favre"}],
                "applied": {
                    "index": 0, "verdict": "updated", "id": 42, "version": 3,
                    "matchedBy": "externalId",
                },
            }]}),
        ),
        PlanProblems,
    ),
)]
pub(super) async fn list_plan_items(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Read>,
    plan: PlanPath,
    turn: ListTurn,
    uri: Uri,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let verdicts: Option<Vec<Verdict>> = parameters.words("verdict")?;
    let limit = parameters.whole("limit", 1..=1_000)?;
    let sent = parameters.take(CURSOR, |text| Ok(text.to_owned()))?;
    parameters.end()?;
    let (plans, key) = (&services.keep_plans, plan.key());
    plans.find(&caller, key).await?.ok_or_else(unknown)?;
    let planned = timed(Step::Store, plans.part(&caller, key, PlanPart::Results))
        .await?
        .ok_or_else(unknown)?;
    let applied = plans.application(&caller, key).await?;
    let applied = applied.and_then(|kept| kept.answer.body);

    let (organization, is_applied) = (caller.organization.id, applied.is_some());
    let list = format!("plan {organization} {} {verdicts:?} {is_applied} ", plan.0);
    let from = sent.map(|sent| place(&list, &sent)).transpose()?.unwrap_or(0);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let page = Page { from, limit, verdicts, redaction: Redaction::of(caller.scopes) };
    let writing = offload(true, move || {
        let _turn = turn;
        page.write(planned, applied)
    });
    let (body, next) = writing.await?.map_err(Problem::internal)?;
    let mut response = json(body);
    if let Some(next) = next {
        let next = next_page(&uri, &cursor::write(&list, &next.to_be_bytes()))?;
        response.headers_mut().insert(LINK, next);
    }
    Ok(response)
}

/// The position of the first item of a page.
fn place(list: &str, sent: &str) -> Result<usize, Problem> {
    let place = cursor::read(list, sent).and_then(|place| place.try_into().ok());
    place.map(usize::from_be_bytes).ok_or_else(|| {
        let detail = "cursor has to be that of a link to the next page, of the same plan, verdicts and \
                      organization, and from after it was applied if it is";
        Problem::new(Kind::BadParameter, detail)
    })
}

/// A page of items.
struct Page {
    from: usize,
    limit: usize,
    verdicts: Option<Vec<Verdict>>,
    redaction: Redaction,
}

impl Page {
    /// The body, and the position of the first item of the next page.
    fn write(
        &self,
        planned: Arc<[u8]>,
        applied: Option<Arc<[u8]>>,
    ) -> io::Result<(Vec<u8>, Option<usize>)> {
        let mut applied = applied.map(|applied| kept_results::read(applied, self.redaction));
        let (mut body, mut written, mut next) = (br#"{"items":["#.to_vec(), 0, None);
        for (index, planned) in kept_results::read(planned, self.redaction).enumerate() {
            let planned = planned?;
            let applied = applied.as_mut().and_then(Iterator::next).transpose()?;
            let verdict = applied.as_ref().map_or(planned.verdict, |applied| applied.verdict);
            let is_of_verdict =
                self.verdicts.as_ref().is_none_or(|verdicts| verdicts.contains(&verdict));
            if index < self.from || !is_of_verdict {
                continue;
            }
            if written == self.limit || body.len() > PAGE_BYTES {
                next = Some(index);
                break;
            }
            body.extend(if written == 0 { &b""[..] } else { b"," });
            body.extend(planned.json.get().as_bytes());
            if let Some(applied) = applied {
                // The closing brace makes room for one more member.
                body.pop();
                body.extend(br#","applied":"#);
                body.extend(applied.json.get().as_bytes());
                body.push(b'}');
            }
            written += 1;
        }
        body.extend(b"]}");
        Ok((body, next))
    }
}
