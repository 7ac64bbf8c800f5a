//! The answer to a request that writes one contact.

use axum::http::header::{CONTENT_LOCATION, LOCATION};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_application::access::Scopes;
use contacts_application::use_cases::Caller;
use contacts_domain::contact::Record;
use contacts_domain::tree::Difference;
use contacts_domain::upsert::{ContactState, Outcome, Verdict};
use contacts_domain::{ContactId, Rule, Violation};
use serde_json::Value;

use super::stored::missing;
use crate::problem::corrupt::reject_if_corrupt;
use crate::problem::detail::Details;
use crate::problem::{Kind, Problem, created, no_content};
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::change_body::ChangeBody;
use crate::v1::contact_body::contact_body;
use crate::v1::entity_tag::tagged;
use crate::v1::violation_body::ViolationBody;

/// How many warnings the contact was stored with.
const CONTACT_HUB_WARNINGS: HeaderName = HeaderName::from_static("contact-hub-warnings");

/// The answer to the one item of a request: the contact, 204 if it was deleted, or the problem of a
/// refusal. `named` is the contact that the path names.
pub(super) async fn answer(
    services: &Services,
    caller: &Caller,
    preferences: Preferences,
    named: Option<ContactId>,
    outcome: &Outcome,
) -> Result<Response, Problem> {
    let is_missing = outcome.violations.first().is_some_and(|found| found.rule == Rule::Exists);
    match named.filter(|_| is_missing && outcome.verdict.is_refusal()) {
        Some(id) => Err(missing(services, caller, id).await?),
        None => answer_of(caller.scopes, preferences, outcome),
    }
}

/// The same, if the path names no contact that is not there.
pub(super) fn answer_of(
    scopes: Scopes,
    preferences: Preferences,
    outcome: &Outcome,
) -> Result<Response, Problem> {
    reject_if_corrupt(&outcome.violations)?;
    if outcome.verdict.is_refusal() {
        return Err(refusal(scopes, outcome));
    }
    if outcome.verdict == Verdict::Deleted {
        return Ok(preferences.of_one_contact().note(no_content()));
    }
    let record = outcome.contact.as_ref().and_then(ContactState::record);
    let record = record.ok_or_else(|| Problem::internal("an outcome without its contact"))?;
    let response = shown_with(scopes, preferences, record, &outcome.violations, &outcome.changes)?;
    let id = outcome.contact.as_ref().and_then(|contact| contact.id);
    let header = |response: Response, name: HeaderName| match id {
        Some(id) => located(response, name, id),
        None => response,
    };
    Ok(match outcome.verdict {
        Verdict::Created => header(created(response), LOCATION),
        _ => header(response, CONTENT_LOCATION),
    })
}

/// The contact, without warnings.
pub(super) fn shown(
    scopes: Scopes,
    preferences: Preferences,
    record: &Record,
    changes: &[Difference],
) -> Result<Response, Problem> {
    shown_with(scopes, preferences, record, &[], changes)
}

fn shown_with(
    scopes: Scopes,
    preferences: Preferences,
    record: &Record,
    warnings: &[Violation],
    changes: &[Difference],
) -> Result<Response, Problem> {
    let redaction = Redaction::of(scopes);
    let contact = match redaction.shows_contacts {
        true => contact_body(record, redaction)?,
        false => b"{}".to_vec(),
    };
    let warnings = bodies(warnings, redaction);
    let count = warnings.len();
    let body = match preferences.details() {
        Details::OfContract => contact,
        Details::Full => {
            let warnings = Value::from(warnings);
            let changes = match preferences.shows_changes() && redaction.shows_contacts {
                true => {
                    let shown = changes.iter().filter(|change| redaction.shows(&change.path));
                    let changes: Vec<_> = shown.map(ChangeBody::of).collect();
                    let changes = serde_json::to_string(&changes).map_err(Problem::internal)?;
                    format!(",\"changes\":{changes}")
                }
                false => String::new(),
            };
            let rest = format!(",\"violations\":{warnings}{changes}}}");
            [br#"{"contact":"#, &*contact, rest.as_bytes()].concat()
        }
    };
    let mut response = tagged(json(body), record.version);
    if count > 0 {
        response.headers_mut().insert(CONTACT_HUB_WARNINGS, count.into());
    }
    Ok(preferences.of_one_contact().note(response))
}

/// The problem of a refused item.
fn refusal(scopes: Scopes, outcome: &Outcome) -> Problem {
    let redaction = Redaction::of(scopes);
    let first = outcome.violations.iter().find(|violation| violation.is_error());
    let kind = match (outcome.verdict, first.map(|violation| violation.rule)) {
        (Verdict::Stale, _) => Kind::VersionMismatch,
        (_, Some(Rule::LostRace)) => Kind::KeyTaken,
        (_, Some(Rule::KeysAgree | Rule::NotThereYet)) if !outcome.candidates.is_empty() => {
            Kind::KeyTaken
        }
        _ => Kind::ContactRefused,
    };
    let owner = outcome.candidates.first().copied().flatten();
    let owner = owner.filter(|_| redaction.shows_contacts);
    let detail = first.cloned().map(|violation| redaction.refusal(violation).message);
    let code = first.map(Violation::code);
    let violations = bodies(&outcome.violations, redaction);
    Problem::contact_refused(kind, detail, code, violations, owner)
}

/// Violations as the API shows them.
pub(super) fn bodies(violations: &[Violation], redaction: Redaction) -> Vec<Value> {
    let shown = violations.iter().filter_map(|found| ViolationBody::of(found, redaction));
    shown.filter_map(|body| serde_json::to_value(body).ok()).collect()
}

fn located(mut response: Response, name: HeaderName, id: ContactId) -> Response {
    if let Ok(path) = HeaderValue::from_str(&format!("/v1/contacts/{id}")) {
        response.headers_mut().insert(name, path);
    }
    response
}
