//! The entries of contacts in the directory of intercoms.

use contacts_domain::Change;
use contacts_domain::OrganizationId;
use contacts_domain::contact::IntercomEntry;
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Session};

/// Gives contacts these entries, whether they had others or none.
const PUT: &str = include_str!("put_entries.sql");

/// Takes the entries of contacts away.
const DELETE: &str =
    "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = ANY ($2)";

/// What becomes of the entries of contacts.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    put: Vec<(i64, IntercomEntry)>,
    deleted: Vec<i64>,
}

impl Entries {
    /// Adds the entry of a contact that is new.
    pub(crate) fn add(&mut self, change: &Change) {
        let entry = change.intercom_entry();
        self.put.extend(entry.map(|entry| (change.record().id.get(), entry)));
    }

    /// Has a contact that is stored get the entry that it should have, or none.
    pub(crate) fn renew(&mut self, change: &Change) {
        let id = change.record().id.get();
        match change.intercom_entry() {
            Some(entry) => self.put.push((id, entry)),
            None => self.deleted.push(id),
        }
    }

    /// Whether any has to be deleted.
    pub(crate) fn any_deleted(&self) -> bool {
        !self.deleted.is_empty()
    }

    /// Writes those that come or change, each in the place of the one before, if there was one.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(crate) async fn put(
        &self,
        session: &Session,
        organization: OrganizationId,
    ) -> Result<(), Failure> {
        if !self.put.is_empty() {
            let columns = Columns::of(organization, &self.put);
            session.execute(PUT, &columns.parameters()).await?;
        }
        Ok(())
    }

    /// Deletes those that go.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(crate) async fn delete(
        &self,
        session: &Session,
        organization: OrganizationId,
    ) -> Result<(), Failure> {
        if !self.deleted.is_empty() {
            let parameters: [Parameter<'_>; 2] =
                [(&organization.get(), Type::INT4), (&self.deleted, Type::INT8_ARRAY)];
            session.execute(DELETE, &parameters).await?;
        }
        Ok(())
    }
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
