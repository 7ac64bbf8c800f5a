//! The entries of contacts in the directory of intercoms.

use contacts_domain::OrganizationId;
use contacts_domain::contact::Contact;
use tokio_postgres::types::Type;

use crate::postgres::failure::Failure;
use crate::postgres::session::{Parameter, Session};

const DELETE: &str =
    "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = ANY ($2)";

const INSERT: &str = include_str!("insert_entries.sql");

/// Deletes the entries of contacts that get others, or none.
///
/// # Errors
///
/// When the database fails.
pub(in crate::postgres) async fn delete(
    session: &Session,
    organization: OrganizationId,
    contacts: &[&Contact],
) -> Result<(), Failure> {
    if !contacts.is_empty() {
        let ids: Vec<i64> = contacts.iter().map(|contact| contact.record().id.get()).collect();
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
        session.execute(DELETE, &parameters).await?;
    }
    Ok(())
}

/// Inserts the entries of contacts that have none, where they should have one.
///
/// # Errors
///
/// When the database fails.
pub(in crate::postgres) async fn insert(
    session: &Session,
    organization: OrganizationId,
    contacts: &[&Contact],
) -> Result<(), Failure> {
    let entries: Vec<_> = contacts
        .iter()
        .filter_map(|contact| Some((contact.record().id.get(), contact.intercom_entry()?)))
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($value:expr) => {
            entries.iter().map($value).collect::<Vec<_>>()
        };
    }
    let parameters: [Parameter<'_>; 11] = [
        (&organization.get(), Type::INT4),
        (&column!(|(id, _)| *id), Type::INT8_ARRAY),
        (
            &column!(|(_, entry)| entry.link_id.map(|id| id.to_string()).unwrap_or_default()),
            Type::TEXT_ARRAY,
        ),
        (&column!(|(_, entry)| entry.name.as_str()), Type::TEXT_ARRAY),
        (&column!(|(_, entry)| entry.kind.as_str()), Type::TEXT_ARRAY),
        (&column!(|(_, entry)| entry.number.as_str()), Type::TEXT_ARRAY),
        (&column!(|(_, entry)| entry.is_favorite), Type::BOOL_ARRAY),
        (&column!(|(_, entry)| entry.auto_answer), Type::BOOL_ARRAY),
        (&column!(|(_, entry)| entry.in_black_list), Type::BOOL_ARRAY),
        (&column!(|(_, entry)| entry.is_p2p), Type::BOOL_ARRAY),
        (&column!(|(_, entry)| entry.ringtone.as_str()), Type::TEXT_ARRAY),
    ];
    session.execute(INSERT, &parameters).await?;
    Ok(())
}
