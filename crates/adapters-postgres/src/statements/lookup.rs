//! Look-ups for a decision.
//!
//! A look-up is the same few statements for any number of keys; those without keys are not sent.
//! Each joins the keys with the rows by `CROSS JOIN LATERAL`, with a limit or an `OFFSET 0` that keeps
//! PostgreSQL from flattening the subquery into a join. So the subquery is planned for one key, and
//! only the index of that key fits: a plan that was made while the tables were empty is still right
//! when they have grown (docs/adr/0009).

mod contacts;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use contacts_domain::contact::Record;
use contacts_domain::decision::{Alias, AliasKey, Loaded, LookupKeys};
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, OrganizationId, RunId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use self::contacts::{MERGED_IDS, find_by};
use super::answers;
use super::columns::{ContactColumns, ContactIndexes, index_of, list};
use super::locks::{self, LockMode};
use super::row;
use crate::connect::{Failure, Parameter, Session};

/// The ids of living contacts with these e-mail addresses ($2), phone or mobile numbers ($3), or VAT
/// numbers ($4): the lowest of each value, at most $5.
const SHARED_OWNERS: &str = include_str!("lookup/shared_owners.sql");

/// The deleted contacts of these ids.
static DELETED: LazyLock<String> = LazyLock::new(|| {
    let columns = list("", ContactColumns::NAMES);
    format!(
        "SELECT deleted.*
           FROM unnest($2::bigint[]) AS wanted (wanted_id)
          CROSS JOIN LATERAL (
                SELECT {columns} FROM contact
                 WHERE organization_id = $1 AND id = wanted_id AND deleted_at IS NOT NULL
                OFFSET 0) AS deleted"
    )
});

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

/// The contacts that these ids lead to as aliases, and whether they live.
const MERGED_REFERENCES: &str = "
    SELECT wanted.id, alias.contact_id, living.id IS NOT NULL
      FROM unnest($2::bigint[]) AS wanted (id)
     CROSS JOIN LATERAL (
           SELECT contact_id FROM contact_alias
            WHERE organization_id = $1 AND source = '' AND kind = 'ID'
              AND value = wanted.id::text
           OFFSET 0) AS alias
      LEFT JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND id = alias.contact_id AND deleted_at IS NULL
           OFFSET 0) AS living ON true
     WHERE EXISTS (SELECT FROM contact_alias WHERE organization_id = $1 AND source = '')";

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

    let (identified, email_owners, references, answers) = tokio::join!(
        identified(session, organization, &ids, external_ids, link_ids, documents_at_most),
        email_owners(session, organization, lookup_keys),
        references(session, organization, &lookup_keys.references),
        answers::requests(session, organization, &lookup_keys.answers),
    );
    let Identified { mut contacts, mut aliases, mut runs } = identified?;
    for (record, run) in deleted(session, organization, lookup_keys).await? {
        runs.extend(run.map(|run| (record.id, run)));
        contacts.push(record);
    }
    let (references, merged) = references?;
    aliases.extend(merged);
    Ok(Loaded {
        contacts,
        aliases,
        email_owners: email_owners?,
        references,
        contested: HashSet::new(),
        runs,
        answers: answers?,
    })
}

/// The deleted contacts, with their last runs.
async fn deleted(
    session: &Session,
    organization: OrganizationId,
    LookupKeys { deleted, documents_at_most, .. }: &LookupKeys,
) -> Result<Vec<(Record, Option<RunId>)>, Failure> {
    let (mut found, mut bytes, mut columns) = (Vec::new(), 0, None);
    if deleted.is_empty() {
        return Ok(found);
    }
    let ids: Vec<i64> = deleted.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
    let take = |row: Row| {
        let at = match &columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(&row, "")?),
        };
        let record = row::record(organization, &row, at)?;
        bytes += record.document.len();
        if bytes > *documents_at_most {
            return Err(Failure::too_large("the documents are too large"));
        }
        found.push((record, row::last_run(&row, at)?));
        Ok(())
    };
    session.query_each(&DELETED, &parameters, take).await?;
    Ok(found)
}

/// Contacts found by identity keys.
#[derive(Default)]
pub(crate) struct Identified {
    /// Each once.
    pub(crate) contacts: Vec<Record>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) runs: HashMap<ContactId, RunId>,
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
    let mut search = Search {
        organization,
        documents_at_most,
        bytes: 0,
        seen: HashSet::new(),
        identified: Identified::default(),
    };
    if ids.is_empty() && external_ids.is_empty() && link_ids.is_empty() {
        return Ok(search.identified);
    }
    let link_ids: Vec<Uuid> = link_ids.iter().map(|link_id| link_id.as_uuid()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&external_ids, Type::TEXT_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
    ];
    search.add(session, find_by(ids, external_ids, &link_ids), &parameters).await?;
    let merged: Vec<i64> = ids.iter().copied().filter(|id| !search.seen.contains(id)).collect();
    if !merged.is_empty() {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&merged, Type::INT8_ARRAY)];
        search.add(session, &MERGED_IDS, &parameters).await?;
    }
    Ok(search.identified)
}

/// A search in several statements, and what they have found.
struct Search {
    organization: OrganizationId,
    documents_at_most: usize,
    /// The bytes of the documents.
    bytes: usize,
    seen: HashSet<i64>,
    identified: Identified,
}

impl Search {
    async fn add(
        &mut self,
        session: &Session,
        statement: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<(), Failure> {
        let mut columns = None;
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
                self.identified.aliases.push(Alias { key, contact: id });
            }
            if self.seen.insert(id.get()) {
                let record = row::record(self.organization, &row, at)?;
                self.bytes += record.document.len();
                if self.bytes > self.documents_at_most {
                    return Err(Failure::too_large(format_args!(
                        "the documents have more than {} bytes",
                        self.documents_at_most
                    )));
                }
                self.identified.contacts.push(record);
                self.identified.runs.extend(row::last_run(&row, at)?.map(|run| (id, run)));
            }
            Ok(())
        };
        session.query_each(statement, parameters, take).await
    }
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
    let emails = lookup_keys.email_owners.iter().map(|owners| owners.email.as_str());
    let rows = session
        .query(
            EMAIL_OWNERS,
            &[
                (&organization.get(), Type::INT4),
                (&emails.collect::<Vec<_>>(), Type::TEXT_ARRAY),
                (&lookup_keys.per_shared_key, Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row::contact_id(row.try_get(1)?)?))).collect()
}

/// Which of the references exist, and the aliases of the others.
async fn references(
    session: &Session,
    organization: OrganizationId,
    references: &[ContactId],
) -> Result<(HashSet<ContactId>, Vec<Alias>), Failure> {
    let (mut existing, mut aliases) = (HashSet::new(), Vec::new());
    if references.is_empty() {
        return Ok((existing, aliases));
    }
    let organization = organization.get();
    let mut ids: Vec<i64> = references.iter().map(|id| id.get()).collect();
    let parameters: [Parameter<'_>; 2] = [(&organization, Type::INT4), (&ids, Type::INT8_ARRAY)];
    for row in session.query(REFERENCES, &parameters).await? {
        existing.insert(row::contact_id(row.try_get(0)?)?);
    }
    ids.retain(|id| ContactId::new(*id).is_some_and(|id| !existing.contains(&id)));
    if ids.is_empty() {
        return Ok((existing, aliases));
    }
    let parameters: [Parameter<'_>; 2] = [(&organization, Type::INT4), (&ids, Type::INT8_ARRAY)];
    for row in session.query(MERGED_REFERENCES, &parameters).await? {
        let key = AliasKey::Id(row::contact_id(row.try_get(0)?)?);
        let contact = row::contact_id(row.try_get(1)?)?;
        existing.extend(row.try_get::<_, bool>(2)?.then_some(contact));
        aliases.push(Alias { key, contact });
    }
    Ok((existing, aliases))
}
