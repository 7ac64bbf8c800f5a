//! An organization as the API shows it.

use contacts_application::access::{Filling, Organization};
use contacts_domain::{MatchBy, SharedKey};
use serde::Serialize;
use utoipa::ToSchema;

use crate::v1::word::{RespellingWord, Word, word_schema};

word_schema!(SharedKeyWord(SharedKey), "A key that several contacts may share.");

impl Word for SharedKey {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

/// An organization and its settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
pub(super) struct OrganizationBody<'a> {
    /// Its id.
    #[schema(example = 1)]
    id: i32,
    /// Its name.
    #[schema(example = "Muster AG")]
    name: &'a str,
    /// The country of phone numbers without a country code, unless the contact's addresses name one.
    #[schema(example = "CH")]
    region: String,
    /// The shared keys that requests can match by, besides the identity keys.
    #[schema(value_type = Vec<SharedKeyWord>)]
    match_by: Vec<&'static str>,
    /// What is stored of a value that is only spelled in another way, unless a request says so.
    #[schema(value_type = RespellingWord)]
    respelling: &'static str,
    /// How far the keys are that were switched on or off; absent if none is being filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filling: Option<FillingBody>,
}

/// How many contacts are stored with the keys that the settings ask for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Filling)]
struct FillingBody {
    /// The keys. Requests cannot match by them yet.
    #[schema(value_type = Vec<SharedKeyWord>)]
    keys: Vec<&'static str>,
    /// The number of contacts that are done.
    #[schema(example = 500)]
    done: i64,
    /// About how many contacts there are, deleted ones included.
    #[schema(example = 20000)]
    of: i64,
}

impl<'a> From<&'a Organization> for OrganizationBody<'a> {
    fn from(organization: &'a Organization) -> Self {
        let Organization { id, name, settings, filling, .. } = organization;
        let Filling { done, of, .. } = *filling;
        let keys = words(settings.filling);
        Self {
            id: id.get(),
            name,
            region: settings.region.to_string(),
            match_by: words(settings.match_by),
            respelling: settings.respelling.as_str(),
            filling: organization.is_being_filled().then_some(FillingBody { keys, done, of }),
        }
    }
}

fn words(keys: MatchBy) -> Vec<&'static str> {
    keys.iter().map(SharedKey::as_str).collect()
}
