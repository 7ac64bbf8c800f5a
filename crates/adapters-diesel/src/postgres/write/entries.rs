//! The entries of contacts in the directory of intercoms.

use contacts_domain::OrganizationId;
use contacts_domain::contact::IntercomEntry;
use tokio_postgres::types::Type;

use crate::postgres::failure::Failure;
use crate::postgres::session::{Parameter, Session};

/// Gives contacts these entries, whether they had others or none.
const PUT: &str = include_str!("put_entries.sql");

/// Takes the entries of contacts away.
const DELETE: &str =
    "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = ANY ($2)";

/// Writes the entries of contacts, in the place of those that they had.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn put(
    session: &Session,
    organization: OrganizationId,
    entries: &[(i64, IntercomEntry)],
) -> Result<(), Failure> {
    if !entries.is_empty() {
        session.execute(PUT, &Columns::of(organization, entries).parameters()).await?;
    }
    Ok(())
}

/// Deletes the entries of contacts that are none any more.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn delete(
    session: &Session,
    organization: OrganizationId,
    contacts: &[i64],
) -> Result<(), Failure> {
    if !contacts.is_empty() {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&contacts, Type::INT8_ARRAY)];
        session.execute(DELETE, &parameters).await?;
    }
    Ok(())
}

/// Entries, column by column.
#[derive(Default)]
struct Columns<'a> {
    organization: i32,
    ids: Vec<i64>,
    link_ids: Vec<String>,
    names: Vec<&'a str>,
    kinds: Vec<&'a str>,
    numbers: Vec<&'a str>,
    are_favorites: Vec<bool>,
    auto_answer: Vec<bool>,
    in_black_list: Vec<bool>,
    are_p2p: Vec<bool>,
    ringtones: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(organization: OrganizationId, entries: &'a [(i64, IntercomEntry)]) -> Self {
        let mut columns = Self { organization: organization.get(), ..Self::default() };
        for (id, entry) in entries {
            let link_id = entry.link_id.map(|link_id| link_id.to_string());
            columns.ids.push(*id);
            columns.link_ids.push(link_id.unwrap_or_default());
            columns.names.push(&entry.name);
            columns.kinds.push(&entry.kind);
            columns.numbers.push(&entry.number);
            columns.are_favorites.push(entry.is_favorite);
            columns.auto_answer.push(entry.auto_answer);
            columns.in_black_list.push(entry.in_black_list);
            columns.are_p2p.push(entry.is_p2p);
            columns.ringtones.push(&entry.ringtone);
        }
        columns
    }

    /// In the order of [`PUT`].
    fn parameters(&self) -> [Parameter<'_>; 11] {
        [
            (&self.organization, Type::INT4),
            (&self.ids, Type::INT8_ARRAY),
            (&self.link_ids, Type::TEXT_ARRAY),
            (&self.names, Type::TEXT_ARRAY),
            (&self.kinds, Type::TEXT_ARRAY),
            (&self.numbers, Type::TEXT_ARRAY),
            (&self.are_favorites, Type::BOOL_ARRAY),
            (&self.auto_answer, Type::BOOL_ARRAY),
            (&self.in_black_list, Type::BOOL_ARRAY),
            (&self.are_p2p, Type::BOOL_ARRAY),
            (&self.ringtones, Type::TEXT_ARRAY),
        ]
    }
}
