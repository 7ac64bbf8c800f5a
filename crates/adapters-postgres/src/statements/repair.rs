//! Repairs columns, relations and entries that do not follow from their documents.

use std::collections::HashMap;

use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::decision::AliasKey;
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::attempt_error::AttemptError;
use super::settings::check_version;
use super::{locks, row, stored, write};
use crate::connect::{Failure, Parameter, Session};

/// The living contacts that own these external ids ($2) and link ids ($3).
const OWNERS: &str = "
    SELECT wanted.external_id, NULL::uuid, owner.id
      FROM unnest($2::text[]) AS wanted (external_id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND external_id = wanted.external_id
              AND deleted_at IS NULL
           OFFSET 0) AS owner
     UNION ALL
    SELECT NULL, wanted.link_id, owner.id
      FROM unnest($3::uuid[]) AS wanted (link_id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND link_id = wanted.link_id AND deleted_at IS NULL
           OFFSET 0) AS owner";

/// Examines the contacts of a repair and writes its changes, in a transaction that has begun. Returns
/// the discrepancies, and whether anything was written.
pub(crate) async fn repair(
    session: &Session,
    order: &Repair,
) -> Result<(Vec<Discrepancy>, bool), AttemptError> {
    let organization = order.organization();
    let mut ids: Vec<i64> = order.contacts().iter().map(|id| id.get()).collect();
    ids.sort_unstable();
    check_version(session, organization, order.settings_version()).await?;
    session.batch(write::PLAN_ANEW).await?;
    // Lock first, so that the contacts do not change between reading and writing.
    locks::lock_rows(session, organization, &ids, &[], &[]).await?;
    let examined = order.examine(stored::named(session, organization, &ids).await?);
    let owners = owners(session, organization, &examined.keys()).await?;
    let (writes, discrepancies) = examined.settle(&owners);
    write::write(session, organization, &writes).await?;
    Ok((discrepancies, !writes.is_empty()))
}

async fn owners(
    session: &Session,
    organization: OrganizationId,
    keys: &[AliasKey],
) -> Result<HashMap<AliasKey, ContactId>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut external_ids, mut link_ids): (Vec<&str>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            // No other contact takes an id.
            AliasKey::Id(_) => {}
            AliasKey::ExternalId(external_id) => external_ids.push(external_id),
            AliasKey::LinkId(link_id) => link_ids.push(link_id.as_uuid()),
        }
    }
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&external_ids, Type::TEXT_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
    ];
    let mut owners = HashMap::new();
    for row in session.query(OWNERS, &parameters).await? {
        let external_id: Option<String> = row.try_get(0)?;
        let link_id: Option<Uuid> = row.try_get(1)?;
        let owner = row::contact_id(row.try_get(2)?)?;
        let link_id = link_id.and_then(LinkId::from_uuid).map(AliasKey::LinkId);
        let key = external_id.map(AliasKey::ExternalId).or(link_id);
        owners.extend(key.map(|key| (key, owner)));
    }
    Ok(owners)
}
