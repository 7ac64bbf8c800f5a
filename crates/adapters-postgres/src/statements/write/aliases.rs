//! Aliases: the keys of merged contacts.

use std::mem::discriminant;

use contacts_domain::OrganizationId;
use contacts_domain::decision::{Alias, AliasKey, AliasWrite};
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Session};

const ADD: &str = "
    INSERT INTO contact_alias (organization_id, source, kind, value, contact_id)
    SELECT $1, '', new.* FROM unnest($2::text[], $3::text[], $4::bigint[]) AS new
        ON CONFLICT (organization_id, source, kind, value)
        DO UPDATE SET contact_id = excluded.contact_id";

const REMOVE: &str = "
    DELETE FROM contact_alias AS alias
     USING unnest($2::text[], $3::text[]) AS gone (kind, value)
     WHERE alias.organization_id = $1 AND alias.source = ''
       AND alias.kind = gone.kind AND alias.value = gone.value";

const MOVE: &str =
    "UPDATE contact_alias SET contact_id = $3 WHERE organization_id = $1 AND contact_id = $2";

/// Writes aliases in the order given, with one statement for each run of the same operation.
pub(crate) async fn write(
    session: &Session,
    organization: OrganizationId,
    writes: &[AliasWrite],
) -> Result<(), Failure> {
    let organization = organization.get();
    for run in writes.chunk_by(|one, next| discriminant(one) == discriminant(next)) {
        let mut added: Vec<&Alias> = Vec::new();
        let mut removed: Vec<&AliasKey> = Vec::new();
        for write in run {
            match write {
                AliasWrite::Add(alias) => added.push(alias),
                AliasWrite::Remove(key) => removed.push(key),
                AliasWrite::Move { from, to } => {
                    let parameters: [Parameter<'_>; 3] = [
                        (&organization, Type::INT4),
                        (&from.get(), Type::INT8),
                        (&to.get(), Type::INT8),
                    ];
                    session.execute(MOVE, &parameters).await?;
                }
            }
        }
        add(session, organization, &added).await?;
        remove(session, organization, &removed).await?;
    }
    Ok(())
}

async fn add(session: &Session, organization: i32, aliases: &[&Alias]) -> Result<(), Failure> {
    if aliases.is_empty() {
        return Ok(());
    }
    let (kinds, values): (Vec<&str>, Vec<String>) =
        aliases.iter().map(|alias| (alias.key.kind(), alias.key.value().into_owned())).unzip();
    let targets: Vec<i64> = aliases.iter().map(|alias| alias.contact.get()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&organization, Type::INT4),
        (&kinds, Type::TEXT_ARRAY),
        (&values, Type::TEXT_ARRAY),
        (&targets, Type::INT8_ARRAY),
    ];
    session.execute(ADD, &parameters).await?;
    Ok(())
}

async fn remove(session: &Session, organization: i32, keys: &[&AliasKey]) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let (kinds, values): (Vec<&str>, Vec<String>) =
        keys.iter().map(|key| (key.kind(), key.value().into_owned())).unzip();
    let parameters: [Parameter<'_>; 3] =
        [(&organization, Type::INT4), (&kinds, Type::TEXT_ARRAY), (&values, Type::TEXT_ARRAY)];
    session.execute(REMOVE, &parameters).await?;
    Ok(())
}
