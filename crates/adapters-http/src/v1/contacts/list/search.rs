//! The parameters that search contacts.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_application::ledger::{FeedPosition, PageSize};
use contacts_application::use_cases::{Bookmark, Caller, UseCaseError};
use contacts_domain::searching::{MAX_QUERY_CHARS, SearchQuery};

use crate::limits::Room;
use crate::problem::{Kind, Problem};
use crate::request::authorized::Credentials;
use crate::state::AppState;
use crate::v1::changes::feed_token;
use crate::v1::parameters::Parameters;

/// How old the oldest change is that a search does not know, in seconds.
const CONTACT_HUB_SEARCH_LAG: HeaderName = HeaderName::from_static("contact-hub-search-lag");

/// How long a request waits until changes are indexed.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The parameters that search contacts.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(crate) struct SearchParams {
    /// Words that contacts have in their names, e-mail address, phone numbers, external id, cities or tags,
    /// in any order. The last one may be the beginning of a word, and so may every number; words of one
    /// or two letters are whole words. Case and accents do not count, and numbers are found however they
    /// are written. Found are living contacts, sorted by `id` unless `sort` says otherwise.
    #[param(example = "muller gen", max_length = 200)]
    q: Option<String>,
    /// A token of the change feed: the search waits until the changes up to it are indexed, at most
    /// 30 seconds.
    #[param(rename = "waitFor")]
    wait_for: Option<String>,
}

/// What a request searches, and what it waits for.
pub(crate) struct Search {
    pub(crate) query: Option<SearchQuery>,
    wait_for: Option<Bookmark>,
}

impl Search {
    pub(crate) fn read(parameters: &mut Parameters, caller: &Caller) -> Result<Self, Problem> {
        let query = parameters.take("q", |text| {
            SearchQuery::parse(text).ok_or_else(|| {
                format!("a text of at most {MAX_QUERY_CHARS} characters with a letter or a digit")
            })
        })?;
        let wait_for = parameters.take("waitFor", |token| {
            let expected = || "a token of the change feed of this organization".to_owned();
            feed_token::read(caller.organization.id, token).ok_or_else(expected)
        })?;
        if query.is_none() && wait_for.is_some() {
            let detail = "waitFor waits for a search: q is missing";
            return Err(Problem::new(Kind::BadParameter, detail));
        }
        Ok(Self { query, wait_for })
    }

    /// Waits for what the request waits for, and refuses a token that is not valid any more then.
    /// Returns how far the search is behind.
    pub(crate) async fn ready(
        &self,
        state: &AppState,
        caller: &Caller,
        credentials: &Credentials,
        room: &Room,
    ) -> Result<Option<Lag>, Problem> {
        if let Some(wait_for) = self.wait_for {
            check_known(state, caller, wait_for).await?;
            room.wait()?;
            let is_wanted = |indexed: &FeedPosition| indexed.place() >= wait_for.position.place();
            let organization = caller.organization.id;
            let _awaiting = state.services.index_contacts.hurry(organization);
            let is_reached = state.indexed.wait(organization, MAX_WAIT, is_wanted).await;
            room.work()?;
            credentials.check_again(state).await?;
            if !is_reached {
                let seconds = MAX_WAIT.as_secs();
                let detail = format!(
                    "the search has not caught up with waitFor within {seconds} s; sending the request \
                     again later is safe"
                );
                return Err(Problem::not_yet(detail));
            }
        }
        if self.query.is_none() {
            return Ok(None);
        }
        let lag = state.services.index_contacts.lag_of_search(caller.organization.id).await;
        Ok(Some(Lag(lag.map_err(|error| Problem::from(UseCaseError::from(error)))?)))
    }
}

/// Refuses a token whose changes the database does not know.
async fn check_known(state: &AppState, caller: &Caller, token: Bookmark) -> Result<(), Problem> {
    let (kept, size) = (state.settings.keep_ledger, PageSize { items: 1, bytes: 1 });
    let page = state.services.read_feed.execute(caller, Some(token), size, kept).await?;
    page.map(drop).ok_or_else(|| {
        let detail = "the database does not know every change up to the token of waitFor";
        Problem::new(Kind::FeedGone, detail)
    })
}

/// How far a search is behind.
pub(crate) struct Lag(Duration);

impl Lag {
    /// Adds the header that says so.
    pub(crate) fn show(&self, response: &mut Response) {
        let seconds = self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0);
        response.headers_mut().insert(CONTACT_HUB_SEARCH_LAG, HeaderValue::from(seconds));
    }
}
