//! The answers to requests with an idempotency key.

pub(crate) mod plan;

use std::collections::HashMap;
use std::sync::Arc;

use contacts_application::ports::StoreError;
use contacts_domain::decision::{Answer, KeptAnswer, RequestDigest, RequestKey};
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Integer, Text};
use diesel::sqlite::Sqlite;

use super::row::contact_id;
use crate::connect::Failure;
use crate::schema::kept_answer;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_answer, check_for_backend(Sqlite))]
struct AnswerRow {
    organization_id: i32,
    key: Vec<u8>,
    request: Vec<u8>,
    created_at: i64,
    contacts: String,
    head: Vec<u8>,
    body: Option<Vec<u8>>,
}

/// An answer that shows certain contacts.
#[derive(QueryableByName)]
struct ShowingRow {
    #[diesel(sql_type = Binary)]
    key: Vec<u8>,
}

/// Which of these keys have an answer, with their requests.
pub(super) fn requests(
    connection: &mut SqliteConnection,
    organization: i32,
    keys: &[RequestKey],
) -> Result<HashMap<RequestKey, RequestDigest>, Failure> {
    let mut found = HashMap::new();
    for key in keys {
        let request: Option<Vec<u8>> = kept_answer::table
            .find((organization, key.0.as_slice()))
            .select(kept_answer::request)
            .get_result(connection)
            .optional()?;
        if let Some(request) = request {
            found.insert(*key, digest(request)?);
        }
    }
    Ok(found)
}

/// The request whose answer is kept for a key.
pub(crate) fn request(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    key: RequestKey,
) -> Result<Option<RequestDigest>, Failure> {
    Ok(requests(connection, organization.get(), &[key])?.remove(&key))
}

/// The answer that is kept for a key.
pub(crate) fn find(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    key: RequestKey,
) -> Result<Option<KeptAnswer>, Failure> {
    let found: Option<AnswerRow> = kept_answer::table
        .find((organization.get(), key.0.as_slice()))
        .select(AnswerRow::as_select())
        .get_result(connection)
        .optional()?;
    found.map(KeptAnswer::try_from).transpose()
}

/// Keeps an answer. Fails if there is one for the key.
pub(super) fn insert(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
    KeptAnswer { request, at, answer }: &KeptAnswer,
) -> Result<(), Failure> {
    let row = AnswerRow {
        organization_id: organization.get(),
        key: key.to_vec(),
        request: request.0.to_vec(),
        created_at: at.micros(),
        contacts: ids(&answer.contacts),
        head: answer.head.to_vec(),
        body: answer.body.as_deref().map(<[u8]>::to_vec),
    };
    diesel::insert_into(kept_answer::table).values(row).execute(connection)?;
    Ok(())
}

/// Forgets answers of requests that arrived before that time, at most so many.
pub(crate) fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    at_most: u32,
) -> Result<u64, Failure> {
    let old: Vec<(i32, Vec<u8>)> = kept_answer::table
        .filter(kept_answer::created_at.lt(before.micros()))
        .order(kept_answer::created_at)
        .limit(i64::from(at_most))
        .select((kept_answer::organization_id, kept_answer::key))
        .load(connection)?;
    let mut forgotten = 0;
    for (organization, key) in old {
        diesel::delete(kept_answer::table.find((organization, key))).execute(connection)?;
        forgotten += 1;
    }
    Ok(forgotten)
}

/// Erases the bodies of the answers that may show one of these contacts, but for those of some keys.
pub(super) fn erase(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    contacts: &[ContactId],
    kept: &[RequestKey],
) -> Result<(), Failure> {
    let showing = sql_query(
        "SELECT key FROM kept_answer
          WHERE organization_id = ? AND body IS NOT NULL
            AND EXISTS (SELECT 1 FROM json_each(contacts) AS shown
                         WHERE shown.value IN (SELECT value FROM json_each(?)))",
    )
    .bind::<Integer, _>(organization.get())
    .bind::<Text, _>(ids(contacts))
    .load::<ShowingRow>(connection)?;
    let erased = showing.iter().filter(|row| kept.iter().all(|RequestKey(key)| row.key != key));
    for ShowingRow { key } in erased {
        diesel::update(kept_answer::table.find((organization.get(), key)))
            .set(kept_answer::body.eq(None::<&[u8]>))
            .execute(connection)?;
    }
    Ok(())
}

impl TryFrom<AnswerRow> for KeptAnswer {
    type Error = Failure;

    fn try_from(row: AnswerRow) -> Result<Self, Failure> {
        let contacts: Vec<i64> =
            serde_json::from_str(&row.contacts).map_err(StoreError::corrupt)?;
        let contacts = contacts.into_iter().map(contact_id).collect::<Result<_, _>>()?;
        let answer = Answer { head: row.head.into(), body: row.body.map(Arc::from), contacts };
        let at = Timestamp::from_micros(row.created_at);
        Ok(Self { request: digest(row.request)?, at, answer })
    }
}

fn digest(bytes: Vec<u8>) -> Result<RequestDigest, Failure> {
    let bytes = bytes.try_into().map(RequestDigest);
    Ok(bytes.map_err(|_bytes: Vec<u8>| {
        StoreError::corrupt("a digest of a request has another length")
    })?)
}

/// Ids as JSON.
fn ids(contacts: &[ContactId]) -> String {
    let ids: Vec<String> = contacts.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}
