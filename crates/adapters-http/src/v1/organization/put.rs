//! `PUT /v1/organization`: changes the caller's organization.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contacts_application::access::{Organization, SettingsChange, check_name};
use contacts_application::use_cases::{ManageAccessError, UseCaseError};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, SharedKey};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{OrganizationBody, SharedKeyWord};
use crate::openapi::{DryRunHeaders, NativeBatchProblems};
use crate::problem::{Kind, Problem};
use crate::reply::to_json;
use crate::request::authorized::{Admin, Authorized};
use crate::request::idempotency::Once;
use crate::request::json_text;
use crate::request::json_upload::SingleUpload;
use crate::request::prefer::Preferences;
use crate::state::Services;
use crate::v1::parameters::NoParameters;
use crate::v1::word::{RespellingWord, Word, did_you_mean};

const EXPECTED: &str = r#"{"name": text, "region": country, "matchBy": [key], "respelling": word}"#;

/// The settings of an organization. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = OrganizationSettings, example = json!({ "region": "CH", "matchBy": ["email", "phone"] }))]
struct SettingsBody {
    /// Its name, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The country of phone numbers without a country code (ISO 3166-1 alpha-2).
    #[schema(pattern = "^[A-Z]{2}$")]
    region: Option<String>,
    /// The shared keys that requests can match by, besides the identity keys.
    #[schema(value_type = Option<Vec<SharedKeyWord>>)]
    match_by: Option<Vec<String>>,
    /// What every API stores of a value that is only spelled in another way than the stored one, such as
    /// a phone number with its country, unless a request says so: the text sent (`take`), or what is
    /// stored (`keep`), so that systems that spell a value differently do not change it back and forth.
    #[schema(value_type = RespellingWord, required = false)]
    respelling: Option<String>,
}

/// Change the organization
///
/// Takes the scope `admin`. A key that is switched on is filled in the background, which begins within
/// a minute; `filling` says how far it is, and requests can match by it when that is done.
#[utoipa::path(
    put,
    path = "/v1/organization",
    tag = "native",
    operation_id = "setOrganization",
    params(DryRunHeaders),
    request_body(content = SettingsBody, content_type = "application/json"),
    responses(
        (
            status = OK,
            description = "The organization, as it is from now on.",
            body = OrganizationBody,
            example = json!({
                "id": 1, "name": "Muster AG", "region": "CH", "matchBy": ["email", "phone"],
                "respelling": "take",
                "filling": { "keys": ["phone"], "done": 0, "of": 20000 },
            }),
        ),
        NativeBatchProblems,
    ),
)]
pub(super) async fn put(
    State(services): State<Arc<Services>>,
    Authorized(caller, _): Authorized<Admin>,
    _: NoParameters,
    preferences: Preferences,
    SingleUpload(body, _): SingleUpload,
    once: Once,
) -> Result<Response, Problem> {
    let body: SettingsBody = json_text::object(body, EXPECTED)?;
    let change = body.read()?;
    let preferences = preferences.dry_run_alone();
    let reply = move |organization: &Organization| {
        Ok(preferences.note(to_json(&OrganizationBody::from(organization))?))
    };
    let (set, keeping) = (&services.set_organization, once.keeping(reply));
    let changed = set.execute(caller.organization.id, change, preferences.dry_run, keeping).await;
    if !preferences.dry_run {
        services.authenticate.forget_callers();
    }
    match changed {
        Ok(organization) => reply(&organization),
        Err(ManageAccessError::Store(error)) => Err(UseCaseError::from(error).into()),
        Err(ManageAccessError::NotDone(reason)) => Err(UseCaseError::from(reason).into()),
        Err(error) => Err(Problem::internal(error)),
    }
}

impl SettingsBody {
    fn read(self) -> Result<SettingsChange, Problem> {
        let Self { name, region, match_by, respelling } = self;
        if let Some(name) = &name {
            check_name(name).map_err(|error| wrong("name", &error))?;
        }
        let region = region.map(|text| CountryCode::parse(&text)).transpose();
        let region = region.map_err(|error| wrong("region", &error))?;
        let match_by = match_by.map(|keys| keys.iter().map(|key| one_of("matchBy", key)).collect());
        let match_by: Option<Vec<SharedKey>> = match_by.transpose()?;
        let match_by = match_by
            .map(|keys| keys.into_iter().fold(MatchBy::NONE, |all, key| all.with(key.into())));
        let respelling = respelling.map(|text| one_of("respelling", &text)).transpose()?;
        Ok(SettingsChange { name, region, match_by, respelling })
    }
}

fn one_of<W: Word>(member: &str, text: &str) -> Result<W, Problem> {
    W::parse(text).ok_or_else(|| {
        let known: Vec<_> = W::ALL.iter().map(|word| word.as_str()).collect();
        let proposal = did_you_mean(text, &known);
        let proposal = proposal.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
        wrong(member, &format!("the words are {}{proposal}", known.join(", ")))
    })
}

fn wrong(member: &str, what: &dyn std::fmt::Display) -> Problem {
    Problem::new(Kind::BadParameter, format!("{member}: {what}"))
}
