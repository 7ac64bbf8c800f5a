//! The answers to requests with an idempotency key.

pub(crate) mod plans;

use std::collections::HashMap;
use std::sync::Arc;

use contacts_domain::OrganizationId;
use contacts_domain::decision::{Answer, KeptAnswer, RequestDigest, RequestKey};
use tokio_postgres::types::Type;

use super::attempt_error::AttemptError;
use super::row::contact_id;
use super::values::Instant;
use crate::connect::{Failure, Parameter, Session};

const REQUESTS: &str =
    "SELECT key, request FROM kept_answer WHERE organization_id = $1 AND key = ANY ($2)";

/// The answer that is kept for a key.
pub(crate) const FIND: &str = "
    SELECT request, created_at, ARRAY(SELECT json_array_elements_text(contacts::json)::bigint),
           head, body
      FROM kept_answer WHERE organization_id = $1 AND key = $2";

const INSERT: &str = "
    INSERT INTO kept_answer (organization_id, key, request, created_at, contacts, head, body)
    VALUES ($1, $2, $3, $4, to_json($5::bigint[])::text, $6, $7)
        ON CONFLICT DO NOTHING";

/// Forgets answers from before $1, at most $2. Those that others forget are left to them.
pub(crate) const FORGET: &str = "
    DELETE FROM kept_answer
     WHERE (organization_id, key) IN (
           SELECT organization_id, key FROM kept_answer
            WHERE created_at < $1
            ORDER BY created_at LIMIT $2
              FOR UPDATE SKIP LOCKED)";

/// Erases the bodies that may show one of these contacts ($2), but for those of some keys ($3).
const ERASE: &str = "
    UPDATE kept_answer SET body = NULL
     WHERE organization_id = $1 AND body IS NOT NULL AND key <> ALL ($3)
       AND EXISTS (SELECT FROM json_array_elements_text(contacts::json) AS shown (id)
                    WHERE shown.id::bigint = ANY ($2))";

/// Which of these keys have an answer, with their requests.
pub(crate) async fn requests(
    session: &Session,
    organization: OrganizationId,
    keys: &[RequestKey],
) -> Result<HashMap<RequestKey, RequestDigest>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.0.as_slice()).collect();
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&keys, Type::BYTEA_ARRAY)];
    let rows = session.query(REQUESTS, &parameters).await?;
    let pair = |row: &tokio_postgres::Row| {
        Ok((RequestKey(digest(row.try_get(0)?)?), RequestDigest(digest(row.try_get(1)?)?)))
    };
    rows.iter().map(pair).collect()
}

/// The answer in a row of [`FIND`].
pub(crate) fn kept_answer(row: &tokio_postgres::Row) -> Result<KeptAnswer, Failure> {
    let Instant(at) = row.try_get(1)?;
    let contacts: Vec<i64> = row.try_get(2)?;
    let contacts = contacts.into_iter().map(contact_id).collect::<Result<_, _>>()?;
    let body: Option<&[u8]> = row.try_get(4)?;
    let answer = Answer {
        head: Arc::from(row.try_get::<_, &[u8]>(3)?),
        body: body.map(Arc::from),
        contacts,
    };
    Ok(KeptAnswer { request: RequestDigest(digest(row.try_get(0)?)?), at, answer })
}

/// Keeps answers. Waits for a transaction that keeps one for the same key, and fails if that commits:
/// the next attempt finds its answer.
pub(super) async fn insert_all(
    session: &Session,
    organization: OrganizationId,
    answers: &[(RequestKey, KeptAnswer)],
) -> Result<(), AttemptError> {
    // In one order, so that no two transactions wait for each other.
    let mut answers: Vec<_> = answers.iter().collect();
    answers.sort_unstable_by_key(|(key, _)| *key);
    for (key, kept) in answers {
        if !insert(session, organization, *key, kept).await? {
            let message = "another request with the same key was answered at the same time";
            return Err(AttemptError::Overtaken(Failure::contention(message)));
        }
    }
    Ok(())
}

/// Keeps an answer. Returns `false` if there is one for the key.
pub(crate) async fn insert(
    session: &Session,
    organization: OrganizationId,
    RequestKey(key): RequestKey,
    KeptAnswer { request, at, answer }: &KeptAnswer,
) -> Result<bool, Failure> {
    let contacts: Vec<i64> = answer.contacts.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 7] = [
        (&organization.get(), Type::INT4),
        (&key.as_slice(), Type::BYTEA),
        (&request.0.as_slice(), Type::BYTEA),
        (&Instant(*at), Type::TIMESTAMPTZ),
        (&contacts, Type::INT8_ARRAY),
        (&&*answer.head, Type::BYTEA),
        (&answer.body.as_deref(), Type::BYTEA),
    ];
    Ok(session.execute(INSERT, &parameters).await? == 1)
}

/// Erases the bodies that may show one of these contacts, but for those of some keys.
pub(super) async fn erase(
    session: &Session,
    organization: OrganizationId,
    contacts: &[i64],
    kept: &[RequestKey],
) -> Result<(), Failure> {
    let kept: Vec<&[u8]> = kept.iter().map(|key| key.0.as_slice()).collect();
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&contacts, Type::INT8_ARRAY),
        (&kept, Type::BYTEA_ARRAY),
    ];
    session.execute(ERASE, &parameters).await?;
    Ok(())
}

fn digest(bytes: &[u8]) -> Result<[u8; 32], Failure> {
    let digest = bytes.try_into();
    digest.map_err(|error| Failure::corrupt(format_args!("a digest of a request: {error}")))
}
