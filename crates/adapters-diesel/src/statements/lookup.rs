//! Loads what a decision needs.

use std::collections::{HashMap, HashSet};

use contacts_application::ports::StoreError;
use contacts_domain::contact::Record;
use contacts_domain::decision::{Alias, AliasKey, Loaded, LookupKeys};
use contacts_domain::{ContactId, OrganizationId, RunId};
use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{AsSelect, exists, select};
use diesel::prelude::*;
use diesel::query_dsl::methods::LoadQuery;
use diesel::sqlite::Sqlite;

use super::row::{self, ContactRow};
use super::{answer, query};
use crate::connect::Failure;
use crate::schema::{contact, contact_alias};

/// Loads contacts key by key. SQLite runs in this process, so a prepared statement per key costs no
/// round trip. One statement takes all external ids, which nearly every item has.
///
/// Fails with `TooLarge` at the first contact whose document is beyond the limit in bytes.
pub(crate) fn look_up(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
    documents_at_most: usize,
) -> Result<Loaded, Failure> {
    let mut lookup = Lookup {
        connection,
        organization: organization.get(),
        documents_at_most,
        bytes: 0,
        contacts: Vec::new(),
        ids: HashSet::new(),
        runs: HashMap::new(),
    };
    lookup.by_identity(lookup_keys)?;
    lookup.by_shared_keys(lookup_keys)?;
    for id in &lookup_keys.deleted {
        lookup.add(query::deleted_by_id(lookup.organization, id.get()).select(row()))?;
    }
    if let Some(id) = lookup_keys.referring_to {
        lookup.add(query::referring_to(lookup.organization, id.get()).select(row()))?;
    }
    let mut aliases = lookup.aliases(lookup_keys)?;
    let references = lookup.references(&lookup_keys.references, &mut aliases)?;
    let answers = answer::requests(lookup.connection, lookup.organization, &lookup_keys.answers)?;
    Ok(Loaded {
        aliases,
        email_owners: lookup.email_owners(lookup_keys)?,
        references,
        contacts: lookup.contacts,
        runs: lookup.runs,
        contested: HashSet::new(),
        answers,
    })
}

/// All columns of a contact.
fn row() -> AsSelect<ContactRow, Sqlite> {
    ContactRow::as_select()
}

struct Lookup<'a> {
    connection: &'a mut SqliteConnection,
    organization: i32,
    documents_at_most: usize,
    /// The bytes of the documents so far.
    bytes: usize,
    /// Each contact once.
    contacts: Vec<Record>,
    ids: HashSet<i64>,
    runs: HashMap<ContactId, RunId>,
}

impl Lookup<'_> {
    /// Loads by the keys that belong to at most one living contact. Skips the keys of contacts that
    /// are loaded already.
    fn by_identity(&mut self, lookup_keys: &LookupKeys) -> Result<(), Failure> {
        for id in &lookup_keys.ids {
            self.add(query::by_id(self.organization, id.get()).select(row()))?;
        }

        let known: HashSet<_> =
            self.contacts.iter().filter_map(|found| found.projection.link_id).collect();
        for link_id in lookup_keys.link_ids.iter().filter(|link_id| !known.contains(link_id)) {
            let link_id = link_id.to_string();
            self.add(query::by_link_id(self.organization, &link_id).select(row()))?;
        }

        let known: HashSet<_> =
            self.contacts.iter().filter_map(|found| found.projection.external_id.clone()).collect();
        let others = lookup_keys.external_ids.iter().filter(|key| !known.contains(*key));
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return Ok(());
        }
        let keys = serde_json::to_string(&others).map_err(StoreError::internal)?;
        self.add(query::by_external_ids(self.organization, &keys).select(row()))
    }

    /// Loads by the keys that several living contacts may share.
    fn by_shared_keys(&mut self, lookup_keys: &LookupKeys) -> Result<(), Failure> {
        let organization = self.organization;
        let at_most = usize::try_from(lookup_keys.per_shared_key).unwrap_or(usize::MAX);
        for email in &lookup_keys.emails {
            let rows = self.rows(at_most, query::by_email(organization, email).select(row()))?;
            self.add_rows(rows)?;
        }
        for number in &lookup_keys.vat_numbers {
            let query = query::by_vat_number(organization, number).select(row());
            let rows = self.rows(at_most, query)?;
            self.add_rows(rows)?;
        }
        for phone in &lookup_keys.phones {
            // One query for both columns could not read two indexes in the order of the ids.
            let mut rows =
                self.rows(at_most, query::by_phone(organization, phone).select(row()))?;
            let mobile = query::by_mobile(organization, phone).select(row());
            rows.extend(self.rows(at_most, mobile)?);
            rows.sort_unstable_by_key(ContactRow::id);
            rows.dedup_by_key(|row| row.id());
            rows.truncate(at_most);
            self.add_rows(rows)?;
        }
        Ok(())
    }

    /// Loads the aliases of the identity keys and the contacts that they lead to.
    fn aliases(&mut self, lookup_keys: &LookupKeys) -> Result<Vec<Alias>, Failure> {
        let mut aliases = Vec::new();
        let ids: Vec<AliasKey> = lookup_keys
            .ids
            .iter()
            .filter(|id| !self.ids.contains(&id.get()))
            .map(|id| AliasKey::Id(*id))
            .collect();
        let LookupKeys { external_ids, link_ids, .. } = lookup_keys;
        let none_asked = ids.is_empty() && external_ids.is_empty() && link_ids.is_empty();
        if none_asked || !self.has_aliases()? {
            return Ok(aliases);
        }
        let external_ids = external_ids.iter().cloned().map(AliasKey::ExternalId);
        let link_ids = link_ids.iter().copied().map(AliasKey::LinkId);
        for key in ids.into_iter().chain(external_ids).chain(link_ids) {
            let (kind, value) = (key.kind(), key.value());
            let target = query::by_alias(self.organization, kind, &value).select(row());
            if let Some(target) = self.rows(1, target)?.pop() {
                aliases.push(Alias { key, contact: self.add_row(target)? });
            }
        }
        Ok(aliases)
    }

    fn email_owners(
        &mut self,
        lookup_keys: &LookupKeys,
    ) -> Result<Vec<(String, ContactId)>, Failure> {
        if lookup_keys.email_owners.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.contacts.iter().flat_map(Record::identity_keys).collect::<HashSet<_>>();
        let is_found = |key: &AliasKey| match key {
            AliasKey::Id(id) => self.ids.contains(&id.get()),
            key => found.contains(key),
        };
        let needed = lookup_keys.email_owners.iter();
        let needed = needed.filter(|owners| !owners.unless.as_ref().is_some_and(is_found));
        let needed: Vec<_> = needed.map(|owners| &owners.email).collect();
        // A decision can only take the address from contacts that are loaded: it needs one owner more.
        let at_most = self.contacts.len() + 1;
        let mut owners = Vec::new();
        for email in needed {
            let ids = query::by_email(self.organization, email).select(contact::id);
            for owner in self.first(at_most, ids)? {
                owners.push((email.clone(), row::contact_id(owner)?));
            }
        }
        Ok(owners)
    }

    /// Whether the organization has aliases. Few have: one query spares the others one per key.
    fn has_aliases(&mut self) -> Result<bool, Failure> {
        Ok(select(exists(query::aliases(self.organization))).get_result(self.connection)?)
    }

    /// Which of the references exist, with those that aliases of the others lead to.
    fn references(
        &mut self,
        references: &[ContactId],
        aliases: &mut Vec<Alias>,
    ) -> Result<HashSet<ContactId>, Failure> {
        let (mut existing, mut others) = (HashSet::new(), Vec::new());
        for id in references {
            if self.exists(*id)? {
                existing.insert(*id);
            } else {
                others.push(AliasKey::Id(*id));
            }
        }
        if others.is_empty() || !self.has_aliases()? {
            return Ok(existing);
        }
        for key in others {
            let target = query::alias(self.organization, key.kind(), &key.value())
                .select(contact_alias::contact_id)
                .get_result(self.connection)
                .optional()?;
            if let Some(target) = target {
                let contact = row::contact_id(target)?;
                existing.extend(self.exists(contact)?.then_some(contact));
                aliases.push(Alias { key, contact });
            }
        }
        Ok(existing)
    }

    fn exists(&mut self, id: ContactId) -> Result<bool, Failure> {
        let found: Option<i64> = query::by_id(self.organization, id.get())
            .select(contact::id)
            .get_result(self.connection)
            .optional()?;
        Ok(found.is_some())
    }

    fn add<'q, Q>(&mut self, query: Q) -> Result<(), Failure>
    where
        Q: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, ContactRow>,
    {
        let rows = self.rows(usize::MAX, query)?;
        self.add_rows(rows)
    }

    /// The first contacts of a query. Fails before their documents take more memory than allowed.
    fn rows<'q, Q>(&mut self, at_most: usize, query: Q) -> Result<Vec<ContactRow>, Failure>
    where
        Q: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, ContactRow>,
    {
        let mut rows = Vec::new();
        let mut bytes = self.bytes;
        let found = query.load_iter::<ContactRow, DefaultLoadingMode>(self.connection)?;
        for row in found.take(at_most) {
            let row = row?;
            if !self.ids.contains(&row.id()) {
                bytes += row.document_bytes();
                if bytes > self.documents_at_most {
                    return Err(StoreError::too_large(self.documents_at_most).into());
                }
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn first<'q, Q, R>(&mut self, at_most: usize, query: Q) -> Result<Vec<R>, Failure>
    where
        Q: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, R>,
    {
        let rows = query.load_iter::<R, DefaultLoadingMode>(self.connection)?;
        Ok(rows.take(at_most).collect::<Result<_, _>>()?)
    }

    fn add_rows(&mut self, rows: Vec<ContactRow>) -> Result<(), Failure> {
        for row in rows {
            self.add_row(row)?;
        }
        Ok(())
    }

    fn add_row(&mut self, row: ContactRow) -> Result<ContactId, Failure> {
        let run = row.run();
        let record = Record::try_from(row)?;
        let id = record.id;
        if self.ids.insert(id.get()) {
            self.runs.extend(run.map(|run| (id, run)));
            self.bytes += record.document.len();
            self.contacts.push(record);
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::startup::MIGRATIONS;
    use crate::store::write_batch;
    use crate::testing::{batch, context, memory, persons};
    use contacts_domain::decision::EmailOwners;
    use contacts_domain::upsert::Item;
    use diesel::connection::SimpleConnection;
    use diesel::sql_query;
    use diesel_migrations::MigrationHarness;

    #[test]
    fn owner_of_an_email_is_the_lowest_beside_those_that_are_loaded() {
        let connection = &mut memory();
        let json = r#"{"contactType": "PERSON", "lastName": "Abt", "email": "a@example.org"}"#;
        let items = std::iter::repeat_n(Item::read(json, &context()), 5).collect();
        write_batch(connection, &batch(items));

        let email = "a@example.org".to_owned();
        let owner = |id| (email.clone(), ContactId::new(id).unwrap());
        let mut owners = |ids: Vec<ContactId>| {
            let email_owners = vec![email.clone().into()];
            let lookup_keys = LookupKeys { ids, email_owners, ..LookupKeys::default() };
            look_up(connection, context().organization, &lookup_keys, 1_000).unwrap().email_owners
        };
        assert_eq!(owners(Vec::new()), [owner(1)]);
        assert_eq!(owners(vec![ContactId::new(1).unwrap()]), [owner(1), owner(2)]);
    }

    #[test]
    fn addresses_with_one_hash_are_two() {
        let connection = &mut memory();
        write_batch(connection, &persons(&[("a", "Abt"), ("b", "Bär")]));
        // The first eight bytes of the SHA-256, e16bfe08be114c7b: they are stored, and must not change.
        const HASH: &str = "UPDATE contact SET email_hash = -2203388279165727621";
        let changed = sql_query(format!("{HASH} WHERE email = 'b@example.org'"));
        assert_eq!(changed.execute(connection), Ok(1));

        let email = "a@example.org".to_owned();
        let lookup_keys = LookupKeys {
            emails: vec![email.clone()],
            email_owners: vec![email.clone().into()],
            per_shared_key: 2,
            ..LookupKeys::default()
        };
        let loaded = look_up(connection, context().organization, &lookup_keys, usize::MAX).unwrap();
        let first = ContactId::new(1).unwrap();
        assert_eq!(loaded.contacts.iter().map(|contact| contact.id).collect::<Vec<_>>(), [first]);
        assert_eq!(loaded.email_owners, [(email, first)]);
    }

    #[test]
    fn owners_are_not_looked_for_beside_a_found_contact() {
        let connection = &mut memory();
        let json = r#"{"contactType": "PERSON", "lastName": "Abt", "externalId": "A",
                       "email": "a@example.org"}"#;
        write_batch(connection, &batch(vec![Item::read(json, &context())]));

        let owners = |key: &str| EmailOwners {
            email: "a@example.org".to_owned(),
            unless: Some(AliasKey::ExternalId(key.to_owned())),
        };
        let mut found = |key: &str| {
            let lookup_keys = LookupKeys {
                external_ids: vec!["A".to_owned()],
                email_owners: vec![owners(key)],
                per_shared_key: 2,
                ..LookupKeys::default()
            };
            look_up(connection, context().organization, &lookup_keys, 1_000).unwrap().email_owners
        };
        assert_eq!([found("A").len(), found("B").len()], [0, 1]);
    }

    #[test]
    fn ids_of_earlier_merges_lead_to_their_survivors() {
        let connection = &mut memory();
        let read = |json: &str| Item::read(json, &context());
        let create = |key: &str| {
            read(&format!(r#"{{"contactType": "PERSON", "externalId": "{key}", "lastName": "x"}}"#))
        };
        let b = || read(r#"{"externalId": "B"}"#).to_delete();
        // Ids are handed out in order. The contact 2 was deleted, and 3 was merged into 1.
        write_batch(connection, &batch(vec![create("A"), create("B"), b(), create("B"), b()]));
        let merged = "INSERT INTO contact_alias VALUES (1, '', 'EXTERNAL_ID', 'B', 1)";
        connection.batch_execute(merged).unwrap();

        let has_run = |connection: &mut SqliteConnection| {
            let applied = connection.applied_migrations().unwrap();
            applied.iter().any(|version| *version >= "20261126000400".into())
        };
        while has_run(connection) {
            connection.revert_last_migration(MIGRATIONS).unwrap();
        }
        connection.run_pending_migrations(MIGRATIONS).unwrap();

        let aliases = contact_alias::table
            .select((contact_alias::kind, contact_alias::value, contact_alias::contact_id))
            .load::<(String, String, i64)>(connection)
            .unwrap();
        let alias = |kind: &str, value: &str| (kind.to_owned(), value.to_owned(), 1);
        assert_eq!(aliases, [alias("EXTERNAL_ID", "B"), alias("ID", "3")]);
    }
}
