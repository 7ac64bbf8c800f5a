//! The index of searches: words as `tsvector`, and how far organizations are indexed.

use contacts_application::ledger::{FeedPosition, LastChange};
use contacts_application::ports::{Behind, IndexStep, Indexed};
use contacts_domain::searching::SearchQuery;
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::row::organization_id;
use super::values::Instant;
use crate::connect::{Failure, Parameter, Session};

/// How far an organization is indexed.
pub(crate) const INDEXED: &str = "
    SELECT hub, position, mark, contact, listed_to, version, region
      FROM search_position WHERE organization_id = $1";

/// The organizations ($1, or all) with something that is not indexed, or that words of another version
/// than $2 were made of. What is indexed of an organization is a list of its living contacts up to an
/// id, and then changes up to a place in the ledger.
pub(crate) const BEHIND: &str = "
    WITH indexed AS MATERIALIZED (
         SELECT o.id, s.is_good, s.position, s.contact,
                CASE WHEN s.is_good IS NOT true THEN 0 ELSE s.listed_to END AS listed_to
           FROM organization AS o
           LEFT JOIN LATERAL (
                SELECT version = $2 AND region = o.region AS is_good, coalesce(position, 0) AS position,
                       coalesce(contact, 0) AS contact, listed_to
                  FROM search_position WHERE organization_id = o.id
                OFFSET 0) AS s ON true
          WHERE $1::integer IS NULL OR o.id = $1),
         times AS MATERIALIZED (
         SELECT i.id,
                (SELECT c.updated_at FROM contact AS c
                  WHERE c.organization_id = i.id AND c.id > i.listed_to AND c.deleted_at IS NULL
                  ORDER BY c.organization_id, c.id LIMIT 1) AS unlisted,
                (SELECT r.at FROM run AS r
                  WHERE i.is_good AND r.organization_id = i.id AND r.position >= i.position
                    AND (r.position > i.position OR i.contact < 9223372036854775807)
                  ORDER BY r.organization_id, r.position LIMIT 1) AS changed,
                (SELECT r.at FROM run AS r
                  WHERE r.organization_id = i.id
                  ORDER BY r.organization_id DESC, r.position DESC LIMIT 1) AS newest
           FROM indexed AS i)
    SELECT id, least(unlisted, changed) AS oldest, coalesce(newest, unlisted) AS newest FROM times
     WHERE unlisted IS NOT NULL OR changed IS NOT NULL
     ORDER BY id";

/// Moves an organization on, if it is indexed as far as $9 to $15 say; nothing of it is where they are
/// null.
const MOVE: &str = "
    INSERT INTO search_position AS old
        (organization_id, hub, position, mark, contact, listed_to, version, region)
    SELECT $1::integer, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::integer, $8::text
     WHERE $9::bigint IS NULL
        OR EXISTS (SELECT FROM search_position WHERE organization_id = $1)
        ON CONFLICT (organization_id) DO UPDATE
       SET hub = excluded.hub, position = excluded.position, mark = excluded.mark,
           contact = excluded.contact, listed_to = excluded.listed_to, version = excluded.version,
           region = excluded.region
     WHERE (old.hub, old.position, old.mark, old.contact, old.listed_to, old.version, old.region)
           IS NOT DISTINCT FROM ($9, $10::bigint, $11::bigint, $12::bigint, $13::bigint, $14::integer,
                                 $15::text)";

const DELETE_DELETED: &str = "
    DELETE FROM search_words
     WHERE organization_id = $1 AND contact_id IN (
           SELECT id FROM contact
            WHERE organization_id = $1 AND deleted_at IS NOT NULL AND sort_key <> '')";

/// Most changes of a contact leave its words as they are. One that was purged since they were made is left
/// out.
const PUT: &str = "
    INSERT INTO search_words AS old (organization_id, contact_id, words)
    SELECT $1, new.contact_id, array_to_tsvector(string_to_array(new.words, ' '))
      FROM unnest($2::bigint[], $3::text[]) AS new (contact_id, words)
     CROSS JOIN LATERAL (
           SELECT FROM contact WHERE organization_id = $1 AND id = new.contact_id
           OFFSET 0) AS stored
        ON CONFLICT (organization_id, contact_id) DO UPDATE SET words = excluded.words
     WHERE old.words <> excluded.words";

pub(super) const DELETE: &str =
    "DELETE FROM search_words WHERE organization_id = $1 AND contact_id = ANY ($2)";

/// How many contacts are looked through in their order before the index is asked. A word that one
/// contact in a hundred has fills a page by then.
const NEAR: usize = 5_000;

/// What stands before the words of an organization: one index serves all of them.
fn prefix(organization: OrganizationId) -> String {
    format!("{organization}_")
}

/// The query as text of a `tsquery`. It holds nothing of a request but letters and digits.
pub(crate) fn expression(organization: OrganizationId, query: &SearchQuery) -> String {
    let prefix = prefix(organization);
    query.expression([" & ", " | "], |word, is_beginning| {
        format!("'{prefix}{word}'{}", if is_beginning { ":*" } else { "" })
    })
}

/// The ids of contacts that an expression finds after an id, in its order.
///
/// The index has the contacts of a word in no order. It is the fast way to few of many contacts; many
/// are met soon by whoever looks through the contacts in their order.
pub(crate) async fn found(
    session: &Session,
    organization: OrganizationId,
    expression: &str,
    after: Option<i64>,
    descending: bool,
    at_most: usize,
) -> Result<Vec<i64>, Failure> {
    let (after, operator, direction) = match descending {
        false => (after.unwrap_or(i64::MIN), '>', ""),
        true => (after.unwrap_or(i64::MAX), '<', " DESC"),
    };
    let order = format!("ORDER BY contact_id{direction}");
    let of = format!("search_words WHERE organization_id = $1 AND contact_id {operator} $2");
    let near = NEAR.max(at_most.saturating_mul(4));
    let (near, far) = (
        format!(
            "SELECT contact_id FROM (SELECT contact_id, words FROM {of} {order} LIMIT {near}) AS near
              WHERE words @@ $3::text::tsquery {order} LIMIT {at_most}"
        ),
        format!(
            "SELECT contact_id FROM (
                    SELECT contact_id FROM {of} AND words @@ $3::text::tsquery OFFSET 0) AS far
              {order} LIMIT {at_most}"
        ),
    );
    let parameters: [Parameter<'_>; 3] =
        [(&organization.get(), Type::INT4), (&after, Type::INT8), (&expression, Type::TEXT)];
    let mut rows = session.query_once(&near, &parameters).await?;
    if rows.len() < at_most {
        rows = session.query_once(&far, &parameters).await?;
    }
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How far an organization is indexed, of a row of [`INDEXED`].
pub(crate) fn indexed(row: &Row) -> Result<Indexed, Failure> {
    let last = match (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?) {
        (Some(position), Some(mark), Some(contact)) => Some(LastChange { position, mark, contact }),
        _ => None,
    };
    let position = FeedPosition { hub: row.try_get(0)?, last, listed_to: row.try_get(4)? };
    let region = CountryCode::parse(row.try_get(6)?).map_err(Failure::corrupt)?;
    Ok(Indexed { position, version: row.try_get(5)?, region })
}

/// An organization that is behind, of a row of [`BEHIND`].
pub(crate) fn behind(row: &Row) -> Result<Behind, Failure> {
    let (Instant(oldest), Instant(newest)) = (row.try_get(1)?, row.try_get(2)?);
    Ok(Behind { organization: organization_id(row.try_get(0)?)?, oldest, newest })
}

/// Makes a step, unless another one was made before it.
pub(crate) async fn index(session: &Session, step: &IndexStep) -> Result<bool, Failure> {
    let IndexStep { organization, before, after, is_first, contacts } = step;
    let after = PositionValues::of(Some(after));
    let before = PositionValues::of(before.as_ref());
    let id = organization.get();
    let mut parameters: Vec<Parameter<'_>> = vec![(&id, Type::INT4)];
    parameters.extend(after.parameters());
    parameters.extend(before.parameters());
    if session.execute(MOVE, &parameters).await? == 0 {
        return Ok(false);
    }
    if *is_first {
        session.execute(DELETE_DELETED, &[(&id, Type::INT4)]).await?;
    }
    let (mut put, mut words, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
    for (contact, found) in contacts {
        match found {
            Some(found) => {
                put.push(contact.get());
                words.push(found.terms(&prefix(*organization)));
            }
            None => deleted.push(*contact),
        }
    }
    if !put.is_empty() {
        let parameters: [Parameter<'_>; 3] =
            [(&id, Type::INT4), (&put, Type::INT8_ARRAY), (&words, Type::TEXT_ARRAY)];
        session.execute(PUT, &parameters).await?;
    }
    if !deleted.is_empty() {
        erase(session, *organization, &deleted).await?;
    }
    Ok(true)
}

/// Deletes the words of contacts.
async fn erase(
    session: &Session,
    organization: OrganizationId,
    contacts: &[ContactId],
) -> Result<(), Failure> {
    let ids: Vec<i64> = contacts.iter().map(|contact| contact.get()).collect();
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    session.execute(DELETE, &parameters).await?;
    Ok(())
}

/// How far an organization is indexed, as the values of columns.
struct PositionValues {
    numbers: [Option<i64>; 5],
    version: Option<i32>,
    region: Option<String>,
}

impl PositionValues {
    fn of(indexed: Option<&Indexed>) -> Self {
        let position = indexed.map(|indexed| indexed.position);
        let last = position.and_then(|position| position.last);
        Self {
            numbers: [
                position.map(|position| position.hub),
                last.map(|last| last.position),
                last.map(|last| last.mark),
                last.map(|last| last.contact),
                position.and_then(|position| position.listed_to),
            ],
            version: indexed.map(|indexed| indexed.version),
            region: indexed.map(|indexed| indexed.region.as_str().to_owned()),
        }
    }

    fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        let numbers = self.numbers.iter().map(|number| -> Parameter<'_> { (number, Type::INT8) });
        let rest: [Parameter<'_>; 2] = [(&self.version, Type::INT4), (&self.region, Type::TEXT)];
        numbers.chain(rest)
    }
}
