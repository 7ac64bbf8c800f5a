//! The index of searches: words in FTS5, and how far organizations are indexed.

use contacts_application::ledger::{FeedPosition, LastChange};
use contacts_application::ports::{Behind, IndexStep, Indexed, StoreError};
use contacts_domain::searching::{SearchQuery, SearchWords};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::connect::Failure;

/// The condition that a contact is found by a `MATCH` expression, which follows it.
pub(crate) const IS_FOUND: &str =
    "contact.id IN (SELECT rowid FROM search_words WHERE search_words MATCH ";

const INDEXED: &str = "
    SELECT hub, position, mark, contact, listed_to, version, region
      FROM search_position WHERE organization_id = ?";

/// The organizations (?1, or all) with something that is not indexed, or that words of another version
/// than ?2 were made of. What is indexed of an organization is a list of its living contacts up to an
/// id, and then changes up to a place in the ledger.
const BEHIND: &str = "
    WITH indexed AS (
         SELECT o.id, s.version = ?2 AND s.region = o.region AS is_good,
                coalesce(s.position, 0) AS position, coalesce(s.contact, 0) AS contact,
                CASE WHEN s.version = ?2 AND s.region = o.region THEN s.listed_to ELSE 0 END
                    AS listed_to
           FROM organization AS o LEFT JOIN search_position AS s ON s.organization_id = o.id
          WHERE ?1 IS NULL OR o.id = ?1),
         times AS MATERIALIZED (
         SELECT i.id,
                (SELECT c.updated_at FROM contact AS c
                  WHERE c.organization_id = i.id AND c.id > i.listed_to AND c.deleted_at IS NULL
                  ORDER BY c.id LIMIT 1) AS unlisted,
                (SELECT r.at FROM run AS r
                  WHERE i.is_good AND r.organization_id = i.id AND r.position >= i.position
                    AND (r.position > i.position OR i.contact < 9223372036854775807)
                  ORDER BY r.position LIMIT 1) AS changed,
                (SELECT r.at FROM run AS r
                  WHERE r.organization_id = i.id ORDER BY r.position DESC LIMIT 1) AS newest
           FROM indexed AS i)
    SELECT id, coalesce(min(unlisted, changed), unlisted, changed) AS oldest,
           coalesce(newest, unlisted) AS newest
      FROM times
     WHERE unlisted IS NOT NULL OR changed IS NOT NULL
     ORDER BY id";

const MOVE: &str = "
    INSERT OR REPLACE INTO search_position
        (organization_id, hub, position, mark, contact, listed_to, version, region)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const DELETE_DELETED: &str = "
    DELETE FROM search_words WHERE rowid IN (
        SELECT id FROM contact WHERE organization_id = ? AND deleted_at IS NOT NULL)";

/// Leaves out contacts that were purged since their words were made.
const PUT: &str = "
    INSERT OR REPLACE INTO search_words (rowid, words)
    SELECT value ->> 0, value ->> 1 FROM json_each(?)
     WHERE EXISTS (SELECT 1 FROM contact WHERE id = value ->> 0)";

/// FTS5 writes pages anew, and leaves deleted words out: with a negative number of pages, it begins with
/// all of them (<https://www.sqlite.org/fts5.html#the_merge_command>).
const MERGE: &str = "INSERT INTO search_words (search_words, rank) VALUES ('merge', ?)";

const DELETE: &str = "DELETE FROM search_words WHERE rowid IN (SELECT value FROM json_each(?))";

#[derive(QueryableByName)]
struct IndexedRow {
    #[diesel(sql_type = BigInt)]
    hub: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    mark: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    listed_to: Option<i64>,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    region: String,
}

#[derive(QueryableByName)]
struct BehindRow {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = BigInt)]
    oldest: i64,
    #[diesel(sql_type = BigInt)]
    newest: i64,
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = BigInt)]
    rowid: i64,
}

/// What stands before the words of an organization: one index serves all of them. It is as long for
/// each, so that one index of prefixes serves all of them, too.
fn prefix(organization: OrganizationId) -> String {
    format!("{:08x}", organization.get())
}

/// The `MATCH` expression of a query. It holds nothing of a request but letters and digits.
pub(crate) fn expression(organization: OrganizationId, query: &SearchQuery) -> String {
    let prefix = prefix(organization);
    query.expression([" AND ", " OR "], |word, is_beginning| {
        format!("\"{prefix}{word}\"{}", if is_beginning { " *" } else { "" })
    })
}

/// The ids of contacts that an expression finds after an id, in its order. FTS5 walks the ids of a word in
/// their order, so the first of many are found at once.
pub(crate) fn found(
    connection: &mut SqliteConnection,
    expression: &str,
    after: Option<i64>,
    descending: bool,
    at_most: usize,
) -> Result<Vec<i64>, Failure> {
    let (after, operator, direction) = match descending {
        false => (after.unwrap_or(i64::MIN), '>', ""),
        true => (after.unwrap_or(i64::MAX), '<', " DESC"),
    };
    let found: Vec<FoundRow> = sql_query(format!(
        "SELECT rowid FROM search_words WHERE search_words MATCH ? AND rowid {operator} ?
          ORDER BY rowid{direction} LIMIT ?"
    ))
    .bind::<Text, _>(expression)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(i64::try_from(at_most).unwrap_or(i64::MAX))
    .load(connection)?;
    Ok(found.into_iter().map(|row| row.rowid).collect())
}

/// How far an organization is indexed.
pub(crate) fn indexed(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
) -> Result<Option<Indexed>, Failure> {
    let row: Option<IndexedRow> = sql_query(INDEXED)
        .bind::<Integer, _>(organization.get())
        .get_result(connection)
        .optional()?;
    let Some(IndexedRow { hub, position, mark, contact, listed_to, version, region }) = row else {
        return Ok(None);
    };
    let last = match (position, mark, contact) {
        (Some(position), Some(mark), Some(contact)) => Some(LastChange { position, mark, contact }),
        _ => None,
    };
    let position = FeedPosition { hub, last, listed_to };
    let region = CountryCode::parse(&region).map_err(StoreError::corrupt)?;
    Ok(Some(Indexed { position, version, region }))
}

/// The organizations that are not indexed to their end.
pub(crate) fn behind(
    connection: &mut SqliteConnection,
    organization: Option<OrganizationId>,
    version: i32,
) -> Result<Vec<Behind>, Failure> {
    let rows: Vec<BehindRow> = sql_query(BEHIND)
        .bind::<Nullable<Integer>, _>(organization.map(OrganizationId::get))
        .bind::<Integer, _>(version)
        .load(connection)?;
    let behind = |BehindRow { id, oldest, newest }: BehindRow| {
        let organization = OrganizationId::new(id)
            .ok_or_else(|| StoreError::corrupt(format!("organization {id}")))?;
        let [oldest, newest] = [oldest, newest].map(Timestamp::from_micros);
        Ok(Behind { organization, oldest, newest })
    };
    rows.into_iter().map(behind).collect()
}

/// The contacts of a step with their words, as `index` writes them.
pub(crate) fn words_json(step: &IndexStep) -> Result<String, StoreError> {
    let prefix = prefix(step.organization);
    let words = |(contact, words): &(ContactId, Option<SearchWords>)| {
        Some((contact.get(), words.as_ref()?.terms(&prefix)))
    };
    let all: Vec<(i64, String)> = step.contacts.iter().filter_map(words).collect();
    serde_json::to_string(&all).map_err(StoreError::internal)
}

/// Makes a step with those words, unless another one was made before it.
pub(crate) fn index(
    connection: &mut SqliteConnection,
    step: &IndexStep,
    words: &str,
) -> Result<bool, Failure> {
    let IndexStep { organization, before, after, is_first, contacts } = step;
    if indexed(connection, *organization)? != *before {
        return Ok(false);
    }
    let Indexed { position: FeedPosition { hub, last, listed_to }, version, region } = after;
    sql_query(MOVE)
        .bind::<Integer, _>(organization.get())
        .bind::<BigInt, _>(hub)
        .bind::<Nullable<BigInt>, _>(last.map(|last| last.position))
        .bind::<Nullable<BigInt>, _>(last.map(|last| last.mark))
        .bind::<Nullable<BigInt>, _>(last.map(|last| last.contact))
        .bind::<Nullable<BigInt>, _>(listed_to)
        .bind::<Integer, _>(version)
        .bind::<Text, _>(region.as_str())
        .execute(connection)?;
    if *is_first {
        sql_query(DELETE_DELETED).bind::<Integer, _>(organization.get()).execute(connection)?;
    }
    let deleted = contacts.iter().filter(|(_, words)| words.is_none());
    erase(connection, &deleted.map(|(contact, _)| *contact).collect::<Vec<_>>())?;
    sql_query(PUT).bind::<Text, _>(words).execute(connection)?;
    Ok(true)
}

/// Deletes the words of contacts.
pub(super) fn erase(
    connection: &mut SqliteConnection,
    contacts: &[ContactId],
) -> Result<(), Failure> {
    if !contacts.is_empty() {
        let ids: Vec<i64> = contacts.iter().map(|contact| contact.get()).collect();
        let ids = serde_json::to_string(&ids).map_err(StoreError::internal)?;
        sql_query(DELETE).bind::<Text, _>(ids).execute(connection)?;
    }
    Ok(())
}

/// Begins to write all words anew, with so many pages. Returns whether any word was deleted or moved.
pub(crate) fn begin_merging(
    connection: &mut SqliteConnection,
    pages: i32,
) -> Result<bool, Failure> {
    go_on_merging(connection, -pages)
}

/// Writes so many pages more. Returns whether there were any.
pub(crate) fn go_on_merging(
    connection: &mut SqliteConnection,
    pages: i32,
) -> Result<bool, Failure> {
    let changes = || diesel::select(sql::<BigInt>("total_changes()"));
    let before: i64 = changes().get_result(connection)?;
    sql_query(MERGE).bind::<Integer, _>(pages).execute(connection)?;
    // The command itself is one.
    Ok(changes().get_result::<i64>(connection)? > before + 1)
}
