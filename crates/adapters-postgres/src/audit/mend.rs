//! Mending what does not follow from the documents, in a transaction that has begun.

use std::collections::HashMap;

use contacts_domain::auditing::{Discrepancy, Mend, Repair};
use contacts_domain::contact::{Contact, Projection};
use contacts_domain::decision::AliasKey;
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::standing;
use crate::attempt_error::AttemptError;
use crate::failure::Failure;
use crate::locks;
use crate::row;
use crate::session::{Parameter, Session};
use crate::write::{self, Entries};

/// Which living contacts have these external ids ($2) and link ids ($3).
const OWNERS: &str = "
    SELECT lookup_keys.external_id, NULL::uuid, owner.id
      FROM unnest($2::text[]) AS lookup_keys (external_id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND external_id = lookup_keys.external_id
              AND deleted_at IS NULL
           OFFSET 0) AS owner
     UNION ALL
    SELECT NULL, lookup_keys.link_id, owner.id
      FROM unnest($3::uuid[]) AS lookup_keys (link_id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND link_id = lookup_keys.link_id AND deleted_at IS NULL
           OFFSET 0) AS owner";

/// Writes everything that follows from a document into the row, and nothing else.
const UPDATE: &str = "
    UPDATE contact AS stored
       SET contact_type = due.contact_type, external_id = due.external_id, link_id = due.link_id,
           display_name = due.display_name, email = due.email, phone = due.phone,
           mobile = due.mobile, vat_number = due.vat_number, archived = due.archived,
           is_customer = due.is_customer, is_vendor = due.is_vendor, is_staff = due.is_staff
      FROM unnest($2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                  $8::text[], $9::text[], $10::text[], $11::boolean[], $12::boolean[],
                  $13::boolean[], $14::boolean[])
           AS due (id, contact_type, external_id, link_id, display_name, email, phone,
                   mobile, vat_number, archived, is_customer, is_vendor, is_staff)
     WHERE stored.organization_id = $1 AND stored.id = due.id";

/// Reads the contacts of the repair, has them examined, and writes what that comes to; what was
/// wrong, and whether anything was written. Documents, versions and times are not.
///
/// # Errors
///
/// When others took a key meanwhile, or the database fails.
pub(crate) async fn mend(
    session: &Session,
    repair: &Repair,
) -> Result<(Vec<Discrepancy>, bool), AttemptError> {
    let organization = repair.organization();
    let ids = standing::numbers(repair.contacts());
    session.batch(write::PLAN_ANEW).await?;
    // What is locked is read afterwards: so it is as it is when it is written.
    locks::lock_rows(session, organization, &ids, &[], &[]).await?;
    let examined = repair.examine(standing::named(session, organization, &ids).await?);
    let owners = owners(session, organization, &examined.keys()).await?;
    let (mends, discrepancies) = examined.settle(&owners);
    if !mends.is_empty() {
        write_mends(session, organization, &mends).await?;
    }
    Ok((discrepancies, !mends.is_empty()))
}

async fn write_mends(
    session: &Session,
    organization: OrganizationId,
    mends: &[Mend],
) -> Result<(), AttemptError> {
    let which = |lookup_keys: fn(&Mend) -> bool| -> Vec<&Contact> {
        mends.iter().filter(|mend| lookup_keys(mend)).map(|mend| &mend.contact).collect()
    };
    // As always: keys are given up before they are taken.
    let giving: Vec<i64> = which(|mend| mend.gives_up_keys)
        .into_iter()
        .map(|contact| contact.record().id.get())
        .collect();
    write::clear_keys_of(session, organization, &giving).await?;
    update(session, organization, &which(|mend| mend.columns)).await?;
    let relinked = which(|mend| mend.relations);
    write::relations::delete(session, organization, &relinked).await?;
    write::relations::insert(session, organization, &relinked).await?;
    let mut entries = Entries::default();
    which(|mend| mend.entry).into_iter().for_each(|contact| entries.renew(contact));
    entries.put(session, organization).await?;
    entries.delete(session, organization).await?;
    Ok(())
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

async fn update(
    session: &Session,
    organization: OrganizationId,
    contacts: &[&Contact],
) -> Result<(), AttemptError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let due: Vec<&Projection> =
        contacts.iter().map(|contact| &contact.record().projection).collect();
    let ids: Vec<i64> = contacts.iter().map(|contact| contact.record().id.get()).collect();
    let texts = |column: fn(&Projection) -> Option<&str>| -> Vec<Option<&str>> {
        due.iter().map(|projection| column(projection)).collect()
    };
    let flags = |column: fn(&Projection) -> bool| -> Vec<bool> {
        due.iter().map(|projection| column(projection)).collect()
    };
    let link_ids: Vec<Option<Uuid>> =
        due.iter().map(|due| due.link_id.map(LinkId::as_uuid)).collect();
    let parameters: [Parameter<'_>; 14] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&texts(|due| Some(due.contact_type.as_str())), Type::TEXT_ARRAY),
        (&texts(|due| due.external_id.as_deref()), Type::TEXT_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
        (&texts(|due| Some(&due.display_name)), Type::TEXT_ARRAY),
        (&texts(|due| due.email.as_deref()), Type::TEXT_ARRAY),
        (&texts(|due| due.phone.as_deref()), Type::TEXT_ARRAY),
        (&texts(|due| due.mobile.as_deref()), Type::TEXT_ARRAY),
        (&texts(|due| due.vat_number.as_deref()), Type::TEXT_ARRAY),
        (&flags(|due| due.archived), Type::BOOL_ARRAY),
        (&flags(|due| due.is_customer), Type::BOOL_ARRAY),
        (&flags(|due| due.is_vendor), Type::BOOL_ARRAY),
        (&flags(|due| due.is_staff), Type::BOOL_ARRAY),
    ];
    match session.execute(UPDATE, &parameters).await {
        Ok(_) => Ok(()),
        // Others took one since the owners were looked up: look again.
        Err(failure) if write::takes_key(&failure) => Err(AttemptError::Overtaken(failure)),
        Err(failure) => Err(failure.into()),
    }
}
