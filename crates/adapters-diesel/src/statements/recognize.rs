//! Finds contacts that items would leave as they are.

use std::collections::HashSet;

use contacts_application::ports::StoreError;
use contacts_domain::ItemDigest;
use contacts_domain::contact::Record;
use contacts_domain::upsert::Recognition;
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use super::query;
use super::row::ContactRow;
use super::settings::check_version;
use crate::connect::Failure;

/// Finds the contacts that a recognition asks for.
pub(crate) fn recognize(
    connection: &mut SqliteConnection,
    recognition: &Recognition,
) -> Result<Vec<Record>, Failure> {
    let Recognition { organization, ids, external_ids, link_ids, documents_at_most, .. } =
        recognition;
    check_version(connection, *organization, recognition.settings_version)?;
    let organization = organization.get();
    let mut found =
        Recognized { documents_at_most: *documents_at_most, bytes: 0, records: Vec::new() };
    for (id, item) in ids {
        let query = query::by_id(organization, id.get()).select(ContactRow::as_select());
        let row: Option<ContactRow> = query.get_result(connection).optional()?;
        found.add(row.filter(|row| row.left_by() == Some(*item)))?;
    }
    for (link_id, item) in link_ids {
        let key = link_id.to_string();
        let query = query::by_link_id(organization, &key).select(ContactRow::as_select());
        let row: Option<ContactRow> = query.get_result(connection).optional()?;
        found.add(row.filter(|row| row.left_by() == Some(*item)))?;
    }
    if external_ids.is_empty() {
        return Ok(found.records);
    }
    let keys: Vec<&str> = external_ids.iter().map(|(key, _)| key.as_str()).collect();
    let keys = serde_json::to_string(&keys).map_err(StoreError::internal)?;
    let items: HashSet<(&str, ItemDigest)> =
        external_ids.iter().map(|(key, item)| (key.as_str(), *item)).collect();
    let query = query::by_external_ids(organization, &keys).select(ContactRow::as_select());
    for row in query.load_iter::<ContactRow, DefaultLoadingMode>(connection)? {
        let row = row?;
        let leaves_it = row.external_id().zip(row.left_by()).is_some_and(|by| items.contains(&by));
        found.add(leaves_it.then_some(row))?;
    }
    Ok(found.records)
}

/// The contacts that were recognized.
struct Recognized {
    documents_at_most: Option<usize>,
    /// The bytes of the documents so far.
    bytes: usize,
    records: Vec<Record>,
}

impl Recognized {
    fn add(&mut self, row: Option<ContactRow>) -> Result<(), Failure> {
        let Some(row) = row else { return Ok(()) };
        let mut record = Record::try_from(row)?;
        match self.documents_at_most {
            None => record.document = String::new(),
            Some(limit) => {
                self.bytes += record.document.len();
                if self.bytes > limit {
                    return Err(StoreError::too_large(limit).into());
                }
            }
        }
        self.records.push(record);
        Ok(())
    }
}
