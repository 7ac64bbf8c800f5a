//! `POST /v1/contacts/plans`: keeps a dry run.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request as HttpRequest, State};
use axum::http::HeaderValue;
use axum::http::header::LOCATION;
use axum::response::Response;
use contacts_application::plans::{KEPT_FOR, KeptPlan};
use contacts_domain::upsert::{Expectation, Outcome};
use utoipa::ToSchema;
use uuid::Uuid;

use super::kept_request;
use super::kept_results::{self, Kept};
use super::plan_body::KeptHead;
use super::plan_path::PlanPath;
use crate::openapi::{CallHeaders, PlanningProblems, examples};
use crate::problem::corrupt::log_corrupt;
use crate::problem::{Kind, Problem, created};
use crate::reply::of_json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::Summary;
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::{Once, named_in};
use crate::request::json_upload::ItemsUpload;
use crate::request::offload::offload;
use crate::request::prefer::Preferences;
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};
use crate::v1::batch::BatchRequest;
use crate::v1::batch::deciding::Deciding;
use crate::v1::batch::options::{BatchOptions, BatchOptionsDescription, Results};
use crate::v1::batch::reply::{SummaryBody, answer, is_problem};
use crate::v1::batch::result::{ResultBody, ResultWriter};
use crate::v1::parameters::Parameters;

/// The most bytes of a plan, compressed.
const MAX_BYTES: usize = 32 << 20;

/// A new plan: what would become of the items.
#[derive(ToSchema)]
#[schema(as = NewPlan, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is written")]
pub(super) struct NewPlanBody<'a> {
    /// The id of the plan.
    #[schema(format = "uuid")]
    id: String,
    /// When it is forgotten.
    #[schema(format = DateTime)]
    expires_at: String,
    /// How many items have each verdict.
    summary: SummaryBody,
    /// Always null: nothing is changed.
    run: Option<i64>,
    /// The results, in the order of the items, each with `changes`.
    items: Vec<ResultBody<'a>>,
}

/// Plan a batch
///
/// Does a dry run of a batch, keeps it for 24 hours, and answers what would become of each item, with
/// what would change. Others can look at it, and apply it: each item is then stored exactly as it was
/// planned, or not at all.
///
/// The body and the options are those of a batch, `dryRun` aside. As NDJSON it has one item a line and
/// its options in the query; the answer is JSON, with the number of the line in each result. A plan has
/// at most as many items as a batch: split a longer file.
#[utoipa::path(
    post,
    path = "/v1/contacts/plans",
    tag = "native",
    operation_id = "createPlan",
    params(BatchOptionsDescription, CallHeaders),
    request_body(
        content(
            (BatchRequest = "application/json", example = json!(examples::native_batch())),
            (String = "application/x-ndjson", example = json!(examples::LINES)),
        ),
        description = "At most 10,000 items and 32 MiB, unless the server is set up otherwise.",
    ),
    responses(
        (
            status = CREATED,
            description = "The plan is kept.",
            body = NewPlanBody<'_>,
            headers(
                ("Location" = String, description = "The path of the plan."),
                ("Preference-Applied" = String, description = "The preferences that were applied."),
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict, without those that none has: `created=3, unchanged=997`."),
            ),
            example = json!({
                "id": examples::PLAN,
                "expiresAt": "2026-09-22T14:13:20Z",
                "summary": {
                    "items": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0,
                    "deleted": 0, "ambiguous": 0, "stale": 0,
                },
                "run": null,
                "items": [{
                    "index": 0, "verdict": "created", "externalId": "CRM-7", "version": 1,
                    "changes": [
                        {"pointer": "/contactType", "to": "ORGANIZATION"},
                        {"pointer": "/externalId", "to": "CRM-7"},
                        {"pointer": "/name", "to": "Boulangerie du Rhône SA"},
                    ],
                }],
            }),
        ),
        PlanningProblems,
    ),
)]
pub(super) async fn create_plan(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Write>,
    parameters: Parameters,
    preferences: Preferences,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let upload = ItemsUpload::from_request_parts(&mut parts, &state).await?;
    let ItemsUpload { media_type, body: sent, room } = upload;
    let once = match Once::from_request_parts(&mut parts, &state).await {
        Ok(once) => once,
        Err(answered) => return Ok(answered),
    };
    let query = query(parts.uri.query().unwrap_or_default(), preferences);
    let deciding = Deciding { state: &state, caller: &caller, room: &room };
    let sent: Arc<[u8]> = sent.into();
    let mut body = deciding.find(media_type, sent.to_vec()).await?;
    let of_body = std::mem::take(&mut body.options);
    let mut options = BatchOptions::read(parameters, of_body, preferences)?;
    (options.rules.dry_run, options.rules.changes) = (true, true);
    let (results, source) = (options.results.unwrap_or_default(), options.source.clone());
    let names = body.names();
    let outcomes = deciding.decide(body, options, Vec::new(), None).await?;
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));

    let (plan, at) = (PlanPath(Uuid::now_v7()), state.services.keep_plans.now());
    let summary = Summary::of(&outcomes);
    let head = KeptHead {
        id: plan.0,
        media_type: media_type.to_owned(),
        query,
        source,
        summary: SummaryBody::of(&summary),
        run: None,
        shows_all: results == Results::All,
    };
    let (outcomes, of_outcomes, held) = (Arc::new(outcomes), names.clone(), room.clone());
    let planned = Arc::clone(&outcomes);
    let keeping = move || {
        held.during(|| {
            let expected: Vec<_> = planned.iter().map(Expectation::of).collect();
            let Kept { results, mut contacts } =
                kept_results::keep(of_outcomes.answered(planned.to_vec()), true)?;
            named_in(&sent, &mut contacts);
            contacts.sort_unstable();
            contacts.dedup();
            let request = kept_request::keep(&sent, &expected)?;
            let (head, request, results) = (head.write()?.into(), request.into(), results.into());
            Ok::<_, Problem>(KeptPlan { at, contacts, head, request, results })
        })
    };
    let kept = offload(true, keeping).await??;
    if kept.request.len() + kept.results.len() > MAX_BYTES {
        let detail =
            format!("a plan takes at most {MAX_BYTES} bytes, compressed; send fewer items");
        return Err(Problem::new(Kind::PlanTooLarge, detail));
    }

    let redaction = Redaction::of(caller.scopes);
    let expires_at = at.later(KEPT_FOR);
    let reply = move |outcomes: Vec<Outcome>| {
        let shown = names.answered(outcomes).filter(|answered| match results {
            Results::All => true,
            Results::Problems => is_problem(&answered.outcome),
        });
        let mut body = answer(&summary, None, shown.collect(), ResultWriter { redaction })?;
        let of_plan = format!(r#"{{"id":"{}","expiresAt":"{expires_at}","#, plan.0);
        body.opening.replace_range(..1, &of_plan);
        let mut response = summary.clone().add_to(of_json(body));
        let location = HeaderValue::try_from(format!("/v1/contacts/plans/{}", plan.0));
        response.headers_mut().insert(LOCATION, location.map_err(Problem::internal)?);
        Ok(created(preferences.without_details().note(response)))
    };
    let (rendering, of_reply) = (Arc::clone(&outcomes), reply.clone());
    let keeping = once.keeping(move |(): &()| of_reply(rendering.to_vec()));
    let keep = state.services.keep_plans.keep(&caller, plan.key(), kept, keeping);
    if !timed(Step::Store, keep).await? {
        let detail = "the plans of the organization take at most 256 MiB together; delete one, or wait \
                      until one expires";
        return Err(Problem::new(Kind::TooManyPlans, detail));
    }
    once.send(&room, reply(Arc::unwrap_or_clone(outcomes))?).await
}

/// The options outside the body, as a query.
fn query(sent: &str, preferences: Preferences) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(sent.as_bytes()));
    query.extend_pairs(preferences.as_options()).finish()
}
