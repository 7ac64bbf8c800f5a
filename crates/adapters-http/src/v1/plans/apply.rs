//! `POST /v1/contacts/plans/{id}/apply`: does what a plan says.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::Response;
use contacts_application::plans::PlanPart;
use contacts_application::use_cases::{Arrival, FirstRequest, Keeping, UseCaseError};
use contacts_domain::RunId;
use contacts_domain::decision::{Answer, RequestDigest};
use contacts_domain::upsert::{BatchReport, Outcome};

use super::kept_request;
use super::kept_results::{self, KeptBody};
use super::plan_body::KeptHead;
use super::plan_path::{PlanPath, unknown};
use crate::limits::Room;
use crate::openapi::{ApplyingProblems, DryRunHeaders, examples};
use crate::problem::Problem;
use crate::problem::corrupt::log_corrupt;
use crate::reply::of_json;
use crate::reply::redaction::Redaction;
use crate::reply::summary::{CONTACT_HUB_SUMMARY, Summary};
use crate::request::authorized::{Authorized, Write};
use crate::request::idempotency::Once;
use crate::request::offload::offload;
use crate::request::prefer::Preferences;
use crate::state::AppState;
use crate::v1::batch::deciding::{Deciding, Names, run_of};
use crate::v1::batch::options::{BatchOptions, Results};
use crate::v1::batch::reply::{BatchAnswer, SummaryBody, answer, is_problem, opening};
use crate::v1::batch::result::ResultWriter;
use crate::v1::parameters::Parameters;

/// All requests that apply a plan are the same.
const APPLICATION: RequestDigest = RequestDigest([0; 32]);

/// Apply a plan
///
/// Each item is stored exactly as it was planned, or not at all: an item whose contact has changed
/// since, whose keys somebody has taken, or that would be decided in another way for any other reason,
/// is answered `stale`, and so are those that count on it. The settings of the organization and the
/// rights of the caller count as they are now. A plan is applied once, however often it is asked for;
/// later requests are answered as the first one. The application is a run, and can be taken back.
#[utoipa::path(
    post,
    path = "/v1/contacts/plans/{id}/apply",
    tag = "native",
    operation_id = "applyPlan",
    params(DryRunHeaders, PlanPath),
    responses(
        (
            status = OK,
            description = "The plan was applied, now or before; each item has its own result.",
            body = BatchAnswer<'_>,
            headers(
                ("Contact-Hub-Summary" = String, description = "How many items have each verdict, without those that none has: `updated=3, stale=1`."),
            ),
            example = json!(examples::native_batch_answer()),
        ),
        ApplyingProblems,
    ),
)]
pub(super) async fn apply_plan(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Write>,
    room: Room,
    plan: PlanPath,
    preferences: Preferences,
    parameters: Parameters,
    once: Once,
) -> Result<Response, Problem> {
    parameters.end()?;
    let (plans, key) = (&state.services.keep_plans, plan.key());
    let redaction = Redaction::of(caller.scopes);
    let found = plans.find(&caller, key).await?.ok_or_else(unknown)?;
    let mut head = KeptHead::read(&found.shown)?;
    let first = match preferences.dry_run {
        true => None,
        false => {
            let organization = caller.organization.id;
            match state.services.answer_once.receive(organization, key, APPLICATION).await {
                Ok(Arrival::First(first)) => Some(first),
                Ok(Arrival::Answered(answer)) => {
                    return once.send(&room, applied(answer, redaction)?).await;
                }
                Ok(Arrival::Refused(_)) => return Err(Problem::plan_running()),
                Err(error) => return Err(UseCaseError::from(error).into()),
            }
        }
    };
    let request = plans.part(&caller, key, PlanPart::Request).await?.ok_or_else(unknown)?;
    let reading = offload(true, move || kept_request::read(&request));
    let (body, expected) = reading.await??;

    let deciding = Deciding { state: &state, caller: &caller, room: &room };
    let mut body = deciding.find(&head.media_type, body).await?;
    let of_body = std::mem::take(&mut body.options);
    let given = Parameters::of(&head.query)?;
    let mut options = BatchOptions::read(given, of_body, Preferences::default())?;
    options.rules.dry_run = preferences.dry_run;
    options.rules.changes |= preferences.dry_run;
    let names = body.names();
    head.shows_all = options.results.unwrap_or_default() == Results::All;
    let reply = {
        let (names, shows_all) = (names.clone(), head.shows_all);
        move |outcomes: Vec<Outcome>| {
            let (summary, run) = (Summary::of(&outcomes), run_of(&outcomes));
            let shown = names.answered(outcomes);
            let shown = shown.filter(|answered| shows_all || is_problem(&answered.outcome));
            let body = answer(&summary, run, shown.collect(), ResultWriter { redaction })?;
            Ok(preferences.dry_run_alone().note(summary.add_to(of_json(body))))
        }
    };
    let keeper = Arc::new(Keeper { head, names, limit: state.settings.max_kept_answer_bytes });
    let keeping = first.as_ref().map(|first| {
        let keeper = Arc::clone(&keeper);
        let render = move |report: &BatchReport| keeper.write(report.as_ref().ok()?).ok();
        let keeping = Keeping::new(Arc::clone(first), Arc::new(render));
        keeping.and(once.keeping_batch(reply.clone()))
    });
    let outcomes = deciding.decide(body, options, expected, keeping).await?;
    log_corrupt(outcomes.iter().flat_map(|outcome| &outcome.violations));
    let outcomes = match first.filter(|first| !first.is_kept()) {
        Some(first) => keep_afterwards(&first, keeper, outcomes).await?,
        None => outcomes,
    };
    once.send(&room, reply(outcomes)?).await
}

/// Keeps the answer to an application that has written nothing.
async fn keep_afterwards(
    first: &FirstRequest,
    keeper: Arc<Keeper>,
    outcomes: Vec<Outcome>,
) -> Result<Vec<Outcome>, Problem> {
    let writing = offload(true, move || (keeper.write(&outcomes), outcomes));
    let (answer, outcomes) = writing.await?;
    match first.keep(answer?).await {
        Ok(true) => Ok(outcomes),
        // Another server has applied it.
        Ok(false) => Err(Problem::plan_running()),
        Err(error) => Err(UseCaseError::from(error).into()),
    }
}

/// Writes what became of a plan as it is kept.
struct Keeper {
    head: KeptHead,
    names: Names,
    /// The most bytes of the results. Of larger ones, all but the documents is kept.
    limit: usize,
}

impl Keeper {
    fn write(&self, outcomes: &[Outcome]) -> Result<Answer, Problem> {
        let keep = |is_whole| kept_results::keep(self.names.answered(outcomes.to_vec()), is_whole);
        let mut kept = keep(true)?;
        if kept.results.len() > self.limit {
            kept = keep(false)?;
        }
        let head = KeptHead {
            summary: SummaryBody::of(&Summary::of(outcomes)),
            run: run_of(outcomes).map(RunId::get),
            ..self.head.clone()
        };
        let (head, body) = (head.write()?.into(), Some(kept.results.into()));
        Ok(Answer { head, body, contacts: kept.contacts })
    }
}

/// The answer to a plan that was applied before.
fn applied(answer: Answer, redaction: Redaction) -> Result<Response<KeptBody>, Problem> {
    let KeptHead { summary, run, shows_all, .. } = KeptHead::read(&answer.head)?;
    let opening = opening(&summary, run)?;
    let mut response = of_json(KeptBody { opening, results: answer.body, redaction, shows_all });
    let summary = HeaderValue::try_from(summary.to_string()).map_err(Problem::internal)?;
    if !summary.is_empty() {
        response.headers_mut().insert(CONTACT_HUB_SUMMARY, summary);
    }
    Ok(response)
}
