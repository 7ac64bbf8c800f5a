//! `GET /v1/contacts`: the contacts that a filter selects, page by page.

mod cursor;
pub(super) mod export;
mod fields;
mod filter;
mod search;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::LINK;
use axum::response::Response;
use contacts_application::contact_list::{
    ContactOrder, ContactOrderKey, ContactPage, ContactQuery,
};
use contacts_application::ledger::PageSize;
use utoipa::ToSchema;

use self::cursor::ListOf;
use self::fields::Fields;
use self::filter::{FilterParams, filter};
use self::search::{Search, SearchParams};
use crate::limits::Room;
use crate::openapi::{CallHeaders, ListProblems, StoredContactSchema, examples};
use crate::problem::Problem;
use crate::reply::json;
use crate::reply::redaction::Redaction;
use crate::request::authorized::{Authorized, Credentials, Read};
use crate::request::offload::{LONG, offload};
use crate::state::AppState;
use crate::telemetry::steps::{Step, timed};
use crate::v1::contact_body::contact_body;
use crate::v1::parameters::Parameters;
use crate::v1::parameters::cursor::{CURSOR, next_page};
use crate::v1::word::{Word, word_schema};

/// How many contacts a page has without `limit`.
const DEFAULT_LIMIT: u32 = 50;

/// The most bytes of documents of a page, unless a single one is larger.
const PAGE_BYTES: usize = 8 << 20;

/// The parameters of a page, besides those of the filter.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct PageParams {
    /// The order; `displayName` without it, or `id` with `q`. A leading `-` means descending.
    #[param(value_type = Option<ContactSort>)]
    sort: Option<String>,
    /// The members of contacts that are shown, between commas; all without it.
    #[param(example = "id,displayName,email")]
    fields: Option<String>,
    /// The most contacts of a page; 50 without it. A page with long documents has fewer.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Where the page begins: part of the link to the next page. It is good for the filter, the order and
    /// the organization that it was made for.
    cursor: Option<String>,
    /// Whether the contacts that the filter selects are counted, which takes as long as reading all of
    /// them.
    total: Option<bool>,
}

/// A page of contacts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written")]
struct ContactListBody {
    /// The contacts, in the order of the list.
    items: Vec<StoredContactSchema>,
    /// How many contacts the filter selects, where it was asked for.
    #[schema(nullable = false)]
    total: Option<u64>,
}

word_schema!(ContactSort(ContactOrder), "An order of contacts.");

impl Word for ContactOrder {
    const ALL: &'static [Self] = &[
        Self { by: ContactOrderKey::DisplayName, descending: false },
        Self { by: ContactOrderKey::DisplayName, descending: true },
        Self { by: ContactOrderKey::CreatedAt, descending: false },
        Self { by: ContactOrderKey::CreatedAt, descending: true },
        Self { by: ContactOrderKey::UpdatedAt, descending: false },
        Self { by: ContactOrderKey::UpdatedAt, descending: true },
        Self { by: ContactOrderKey::Id, descending: false },
        Self { by: ContactOrderKey::Id, descending: true },
    ];

    fn as_str(self) -> &'static str {
        match (self.by, self.descending) {
            (ContactOrderKey::DisplayName, false) => "displayName",
            (ContactOrderKey::DisplayName, true) => "-displayName",
            (ContactOrderKey::CreatedAt, false) => "createdAt",
            (ContactOrderKey::CreatedAt, true) => "-createdAt",
            (ContactOrderKey::UpdatedAt, false) => "updatedAt",
            (ContactOrderKey::UpdatedAt, true) => "-updatedAt",
            (ContactOrderKey::Id, false) => "id",
            (ContactOrderKey::Id, true) => "-id",
        }
    }
}

/// List contacts
///
/// The living contacts, archived ones included, or what else the filter selects. The header `Link` names
/// the next page; the last page has none. Pages neither skip nor repeat a contact that keeps its place
/// in the order, whatever becomes of others meanwhile. Names are sorted as people sort them.
#[utoipa::path(
    get,
    path = "/v1/contacts",
    tag = "native",
    operation_id = "listNativeContacts",
    params(CallHeaders, SearchParams, FilterParams, PageParams),
    responses(
        (
            status = OK,
            description = "The page, which may be empty.",
            body = ContactListBody,
            headers(
                ("Link" = String, description = "The next page, as `<URL>; rel=\"next\"`."),
                ("Contact-Hub-Search-Lag" = u64, description = "With `q`: the age in seconds of the oldest change that the search does not know; 0 if it knows all."),
            ),
            example = json!({"items": [examples::stored_contact()]}),
        ),
        ListProblems,
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Authorized(caller, _): Authorized<Read>,
    Extension(credentials): Extension<Credentials>,
    Extension(room): Extension<Room>,
    uri: Uri,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let search = Search::read(&mut parameters, &caller)?;
    let mut filter = filter(&mut parameters, &caller.organization)?;
    filter.query.clone_from(&search.query);
    let by_default = if search.query.is_some() { BY_ID } else { BY_NAME };
    let order = parameters.word("sort")?.unwrap_or(by_default);
    let fields = parameters.take("fields", Fields::read)?;
    let limit = parameters.whole("limit", 1..=1_000)?;
    let is_counted = parameters.word("total")?.unwrap_or_default();
    let list = ListOf { organization: caller.organization.id, filter: &filter, order };
    let after = parameters.take(CURSOR, |text| {
        let expected =
            "that of a link to the next page, with the same filter, order and organization";
        list.read(text).ok_or_else(|| expected.to_owned())
    })?;
    parameters.end()?;

    let items = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let size = PageSize { items, bytes: PAGE_BYTES };
    let query = ContactQuery { filter: filter.clone(), order, after, size, is_counted };
    let lag = search.ready(&state, &caller, &credentials, &room).await?;
    let turn = room.list().await?;
    let page = timed(Step::Store, state.services.list_contacts.execute(&caller, &query)).await?;
    let next = page.next.as_ref().map(|next| next_page(&uri, &list.write(next))).transpose()?;
    let is_long = page.contacts.iter().map(|record| record.document.len()).sum::<usize>() > LONG;
    let redaction = Redaction::of(caller.scopes);
    let body = offload(is_long, move || {
        let _turn = turn;
        body(&page, fields.as_ref(), redaction)
    });
    let mut response = json(body.await??);
    if let Some(next) = next {
        response.headers_mut().insert(LINK, next);
    }
    if let Some(lag) = lag {
        lag.show(&mut response);
    }
    Ok(response)
}

const BY_ID: ContactOrder = ContactOrder { by: ContactOrderKey::Id, descending: false };

const BY_NAME: ContactOrder = ContactOrder { by: ContactOrderKey::DisplayName, descending: false };

fn body(
    page: &ContactPage,
    fields: Option<&Fields>,
    redaction: Redaction,
) -> Result<Vec<u8>, Problem> {
    let mut body = br#"{"items":["#.to_vec();
    for (index, record) in page.contacts.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        let contact = contact_body(record, redaction)?;
        match fields {
            Some(fields) => body.extend(fields.of(&contact)?),
            None => body.extend(contact),
        }
    }
    body.push(b']');
    if let Some(total) = page.total {
        body.extend(format!(",\"total\":{total}").into_bytes());
    }
    body.push(b'}');
    Ok(body)
}
