//! Look-ups for a decision.
//!
//! A look-up is the same few statements for any number of keys; those without keys are not sent.
//! Each joins the keys with the rows by `CROSS JOIN LATERAL`, with a limit or an `OFFSET 0` that keeps
//! PostgreSQL from flattening the subquery into a join. So the subquery is planned for one key, and
//! only the index of that key fits: a plan that was made while the tables were empty is still right
//! when they have grown (docs/adr/0009).

mod contacts;

use std::collections::HashSet;

use contacts_domain::contact::Record;
use contacts_domain::decision::{Alias, Loaded, LookupKeys};
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use self::contacts::find_by;
use super::columns::{ContactIndexes, index_of};
use super::locks::{self, LockMode};
use super::row;
use crate::connect::{Failure, Parameter, Session};

/// The ids of living contacts with these e-mail addresses ($2), phone or mobile numbers ($3), or VAT
/// numbers ($4): the lowest of each value, at most $5.
const SHARED_OWNERS: &str = include_str!("lookup/shared_owners.sql");

/// The ids of living contacts with these e-mail addresses: the lowest of each, at most $3.
const EMAIL_OWNERS: &str = "
    SELECT wanted.email, owner.id
      FROM unnest($2::text[]) AS wanted (email)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND email = wanted.email AND deleted_at IS NULL
            ORDER BY id LIMIT $3) AS owner";

/// Which of these ids are living contacts.
const REFERENCES: &str = "
    SELECT existing.id
      FROM unnest($2::bigint[]) AS wanted (id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND id = wanted.id AND deleted_at IS NULL
           OFFSET 0) AS existing";

/// The contacts that refer to that one.
const REFERRING: &str =
    "SELECT from_id FROM contact_relation WHERE organization_id = $1 AND to_id = $2";

/// Looks the keys up. Only [`LockMode::Again`] locks rows; otherwise the writes check the versions.
pub(crate) async fn look_up(
    session: &Session,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
    lock_mode: LockMode,
) -> Result<Loaded, Failure> {
    let mut ids: Vec<i64> = lookup_keys.ids.iter().map(|id| id.get()).collect();
    // Lock first: only a later snapshot shows what the previous holder of the lock wrote.
    locks::lock_keys(session, organization, lookup_keys, lock_mode).await?;
    ids.extend(shared_owners(session, organization, lookup_keys).await?);
    ids.extend(referring(session, organization, lookup_keys.referring_to).await?);
    ids.sort_unstable();
    ids.dedup();
    let LookupKeys { external_ids, link_ids, documents_at_most, .. } = lookup_keys;
    let documents_at_most = *documents_at_most;
    if lock_mode == LockMode::Again {
        locks::lock_rows(session, organization, &ids, external_ids, link_ids).await?;
    }

    let (identified, email_owners, references) = tokio::join!(
        identified(session, organization, &ids, external_ids, link_ids, documents_at_most),
        email_owners(session, organization, lookup_keys),
        references(session, organization, &lookup_keys.references),
    );
    let Identified { contacts, aliases } = identified?;
    Ok(Loaded {
        contacts,
        aliases,
        email_owners: email_owners?,
        references: references?,
        contested: HashSet::new(),
    })
}

/// Contacts found by identity keys.
pub(crate) struct Identified {
    /// Each once.
    pub(crate) contacts: Vec<Record>,
    pub(crate) aliases: Vec<Alias>,
}

/// Finds contacts by keys that belong to at most one living contact. No key may occur twice. Fails
/// before their documents take more memory than that many bytes.
pub(crate) async fn identified(
    session: &Session,
    organization: OrganizationId,
    ids: &[i64],
    external_ids: &[String],
    link_ids: &[LinkId],
    documents_at_most: usize,
) -> Result<Identified, Failure> {
    let mut identified = Identified { contacts: Vec::new(), aliases: Vec::new() };
    if ids.is_empty() && external_ids.is_empty() && link_ids.is_empty() {
        return Ok(identified);
    }
    let link_ids: Vec<Uuid> = link_ids.iter().map(|link_id| link_id.as_uuid()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&external_ids, Type::TEXT_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
    ];
    let (mut seen, mut bytes, mut columns) = (HashSet::new(), 0, None);
    let take = |row: Row| {
        let (at, kind, value) = match &columns {
            Some(known) => known,
            None => columns.insert((
                ContactIndexes::of(&row, "")?,
                index_of(&row, "alias_kind")?,
                index_of(&row, "alias_value")?,
            )),
        };
        let id = row::contact_id(row.try_get(at.id)?)?;
        if let Some(kind) = row.try_get(*kind)? {
            let key = row::alias_key(kind, row.try_get(*value)?)?;
            identified.aliases.push(Alias { key, contact: id });
        }
        if seen.insert(id) {
            let record = row::record(organization, &row, at)?;
            bytes += record.document.len();
            if bytes > documents_at_most {
                return Err(Failure::too_large(format_args!(
                    "the documents have more than {documents_at_most} bytes"
                )));
            }
            identified.contacts.push(record);
        }
        Ok(())
    };
    session.query_each(find_by(ids, external_ids, &link_ids), &parameters, take).await?;
    Ok(identified)
}

async fn shared_owners(
    session: &Session,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
) -> Result<Vec<i64>, Failure> {
    let LookupKeys { emails, phones, vat_numbers, per_shared_key, .. } = lookup_keys;
    if emails.is_empty() && phones.is_empty() && vat_numbers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session
        .query(
            SHARED_OWNERS,
            &[
                (&organization.get(), Type::INT4),
                (emails, Type::TEXT_ARRAY),
                (phones, Type::TEXT_ARRAY),
                (vat_numbers, Type::TEXT_ARRAY),
                (per_shared_key, Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn referring(
    session: &Session,
    organization: OrganizationId,
    to: Option<ContactId>,
) -> Result<Vec<i64>, Failure> {
    let Some(to) = to else { return Ok(Vec::new()) };
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&to.get(), Type::INT8)];
    let rows = session.query(REFERRING, &parameters).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn email_owners(
    session: &Session,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
) -> Result<Vec<(String, ContactId)>, Failure> {
    if lookup_keys.email_owners.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session
        .query(
            EMAIL_OWNERS,
            &[
                (&organization.get(), Type::INT4),
                (&lookup_keys.email_owners, Type::TEXT_ARRAY),
                (&lookup_keys.per_shared_key, Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row::contact_id(row.try_get(1)?)?))).collect()
}

async fn references(
    session: &Session,
    organization: OrganizationId,
    references: &[ContactId],
) -> Result<HashSet<ContactId>, Failure> {
    if references.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<i64> = references.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    let rows = session.query(REFERENCES, &parameters).await?;
    rows.iter().map(|row| row::contact_id(row.try_get(0)?)).collect()
}
