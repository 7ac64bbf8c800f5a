//! Finds contacts that items would leave as they are.

use contacts_application::ports::StoreError;
use contacts_domain::ItemDigest;
use contacts_domain::contact::Record;
use contacts_domain::upsert::Recognition;
use diesel::prelude::*;
use diesel::query_dsl::methods::LoadQuery;

use super::query;
use super::row::ContactRow;
use super::settings::check_version;
use crate::connect::Failure;

/// Finds the contacts that a recognition asks for, key by key.
pub(crate) fn recognize(
    connection: &mut SqliteConnection,
    recognition: &Recognition,
) -> Result<Vec<Record>, Failure> {
    check_version(connection, recognition.organization, recognition.settings_version)?;
    let organization = recognition.organization.get();
    let mut search = Search { connection, recognition, bytes: 0, found: Vec::new() };
    for (id, digest) in &recognition.ids {
        let query = query::by_id(organization, id.get()).select(ContactRow::as_select());
        search.add(query, *digest)?;
    }
    for (key, digest) in &recognition.external_ids {
        let query = query::by_external_id(organization, key).select(ContactRow::as_select());
        search.add(query, *digest)?;
    }
    for (link_id, digest) in &recognition.link_ids {
        let key = link_id.to_string();
        let query = query::by_link_id(organization, &key).select(ContactRow::as_select());
        search.add(query, *digest)?;
    }
    Ok(search.found)
}

struct Search<'a> {
    connection: &'a mut SqliteConnection,
    recognition: &'a Recognition,
    /// The bytes of the documents so far.
    bytes: usize,
    found: Vec<Record>,
}

impl Search<'_> {
    /// Adds the contact that the query finds, if it has that digest.
    fn add<'q, Q>(&mut self, query: Q, item: ItemDigest) -> Result<(), Failure>
    where
        Q: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, ContactRow>,
    {
        let row = query.get_result::<ContactRow>(self.connection).optional()?;
        let Some(row) = row.filter(|row| row.is_left_by(item)) else { return Ok(()) };
        let mut record = Record::try_from(row)?;
        match self.recognition.documents_at_most {
            None => record.document = String::new(),
            Some(limit) => {
                self.bytes += record.document.len();
                if self.bytes > limit {
                    return Err(StoreError::too_large(limit).into());
                }
            }
        }
        self.found.push(record);
        Ok(())
    }
}
