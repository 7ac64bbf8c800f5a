//! Contacts in memory: look up, decide, write.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use contacts_domain::contact::{IntercomEntry, Projection, Record};
use contacts_domain::decision::{
    Alias, AliasKey, AliasWrite, Decision, DigestNote, EmailOwners, Loaded, LookupKeys, RequestKey,
    Writes,
};
use contacts_domain::upsert::Recognition;
use contacts_domain::{Change, ContactId, IdBlock, OrganizationId, OutOfIds, RunId};

use super::answers::Answers;
use super::ledger::{Ledger, Purged};
use super::plans::Plans;
use super::words::Words;

/// The table of contacts and its indexes. Cheap to copy: the rows are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Contacts {
    pub(super) rows: BTreeMap<ContactId, Arc<Row>>,
    /// The unique index: the living owner of each identity key.
    pub(super) owners: HashMap<ContactKey, ContactId>,
    pub(super) aliases: HashMap<ContactKey, ContactId>,
    pub(super) ledger: Ledger,
    pub(super) answers: Answers,
    pub(super) plans: Plans,
    pub(super) words: Words,
    pub(super) purged: HashMap<ContactId, Purged>,
    pub(super) last_id: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) record: Record,
    pub(super) relations: Vec<ContactId>,
    pub(super) entry: Option<IntercomEntry>,
    /// The last run that changed it.
    pub(super) run: Option<RunId>,
}

impl Row {
    fn lives_in(&self, organization: OrganizationId) -> bool {
        self.record.organization == organization && self.record.deleted_at.is_none()
    }
}

/// An identity key within its organization.
pub(super) type ContactKey = (OrganizationId, AliasKey);

/// A write that a database would refuse: a fault of the decision.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("contact {taker} takes {key:?}, which belongs to contact {owner}")]
    KeyTaken { key: AliasKey, taker: ContactId, owner: ContactId },
    #[error("contact {0} is written twice in one transaction")]
    WrittenTwice(ContactId),
    #[error("contact {0} belongs to another organization than the decision")]
    Foreign(ContactId),
    #[error("contact {0} is to be inserted under an id that was not set aside for it")]
    NotItsId(ContactId),
    #[error("contact {0} is to be updated and is not stored")]
    Missing(ContactId),
    #[error("a request is answered twice")]
    AnsweredTwice,
    #[error(transparent)]
    OutOfIds(#[from] OutOfIds),
    #[error("the documents have more than {documents_at_most} bytes")]
    TooLarge { documents_at_most: usize },
}

impl Contacts {
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.rows.values().map(|row| &row.record)
    }

    pub(super) fn record(&self, id: ContactId) -> Option<&Record> {
        self.rows.get(&id).map(|row| &row.record)
    }

    /// The entries of an organization, lowest ids first.
    pub(super) fn entries(
        &self,
        organization: OrganizationId,
    ) -> impl Iterator<Item = (ContactId, &IntercomEntry)> {
        let here = self.rows.values().filter(move |row| row.record.organization == organization);
        here.filter_map(|row| Some((row.record.id, row.entry.as_ref()?)))
    }

    pub(super) fn run<D: Decision>(&mut self, decision: &D) -> Result<D::Report, Refused> {
        let organization = decision.organization();
        let found = self.find(organization, decision.lookup_keys())?;
        let mut ids = IdBlock::new(self.last_id + 1, decision.ids_at_most())
            .with_runs(self.ledger.next_run());
        let (writes, report) = decision.decide(found, &mut ids)?;
        let ids_used = self.last_id + 1..ids.next();
        self.last_id = ids.next() - 1;
        self.write(organization, &writes, |id| ids_used.contains(&id.get()))?;
        Ok(report)
    }

    fn living(&self, organization: OrganizationId) -> impl Iterator<Item = &Row> {
        self.rows.values().map(Arc::as_ref).filter(move |row| row.lives_in(organization))
    }

    fn is_living(&self, organization: OrganizationId, id: ContactId) -> bool {
        self.rows.get(&id).is_some_and(|row| row.lives_in(organization))
    }
}

/// Looking up.
impl Contacts {
    fn find(
        &self,
        organization: OrganizationId,
        lookup_keys: &LookupKeys,
    ) -> Result<Loaded, Refused> {
        let is_living = |id: &ContactId| self.is_living(organization, *id);
        let mut hits: BTreeSet<ContactId> =
            lookup_keys.ids.iter().copied().filter(is_living).collect();

        let merged = lookup_keys.ids.iter().filter(|id| !is_living(id));
        let ids = merged.copied().map(AliasKey::Id);
        let mut aliases = Vec::new();
        let external_ids = lookup_keys.external_ids.iter().cloned().map(AliasKey::ExternalId);
        let link_ids = lookup_keys.link_ids.iter().copied().map(AliasKey::LinkId);
        for key in ids.chain(external_ids).chain(link_ids) {
            let place = (organization, key);
            hits.extend(self.owners.get(&place));
            if let Some(contact) = self.aliases.get(&place).copied().filter(is_living) {
                hits.insert(contact);
                aliases.push(Alias { key: place.1, contact });
            }
        }

        let limit =
            usize::try_from(lookup_keys.per_shared_key).expect("a limit that is not negative");
        let shared_keys: [(&[String], Column); 3] = [
            (&lookup_keys.emails, email),
            (&lookup_keys.phones, phone_or_mobile),
            (&lookup_keys.vat_numbers, vat_number),
        ];
        for (values, column) in shared_keys {
            let index = self.index(organization, column);
            let owners = values.iter().filter_map(|value| index.get(value.as_str()));
            hits.extend(owners.flat_map(|ids| ids.iter().take(limit)));
        }

        for id in &lookup_keys.deleted {
            let row = self.rows.get(id).filter(|row| {
                row.record.organization == organization && row.record.deleted_at.is_some()
            });
            hits.extend(row.map(|row| row.record.id));
        }

        if let Some(target) = lookup_keys.referring_to {
            let referring = self.living(organization).filter(|row| row.relations.contains(&target));
            hits.extend(referring.map(|row| row.record.id));
        }

        let documents_at_most = lookup_keys.documents_at_most;
        if hits.iter().map(|id| self.rows[id].record.document.len()).sum::<usize>()
            > documents_at_most
        {
            return Err(Refused::TooLarge { documents_at_most });
        }

        let by_email = self.index(organization, email);
        let mut email_owners = Vec::new();
        for EmailOwners { email, .. } in &lookup_keys.email_owners {
            let owners = by_email.get(email.as_str()).into_iter().flatten().take(limit);
            email_owners.extend(owners.map(|owner| (email.clone(), *owner)));
        }
        let merged = lookup_keys.references.iter().filter(|id| !is_living(id));
        let of_references = merged.filter_map(|id| self.alias_of(organization, *id));
        let survivors: Vec<Alias> = of_references.collect();
        let references = lookup_keys.references.iter().copied();
        let references = references.chain(survivors.iter().map(|alias| alias.contact));
        let references = references.filter(is_living).collect();
        aliases.extend(survivors);
        Ok(Loaded {
            contacts: hits.iter().map(|id| self.rows[id].record.clone()).collect(),
            aliases,
            email_owners,
            references,
            runs: hits.iter().filter_map(|id| Some((*id, self.rows[id].run?))).collect(),
            answers: self.answers.requests(organization, &lookup_keys.answers),
            ..Loaded::default()
        })
    }

    /// The alias of the id of a merged contact.
    fn alias_of(&self, organization: OrganizationId, merged: ContactId) -> Option<Alias> {
        let place = (organization, AliasKey::Id(merged));
        self.aliases.get(&place).map(|contact| Alias { key: place.1, contact: *contact })
    }

    /// The living contact that a merged one leads to.
    pub(super) fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Option<&Record> {
        let Alias { contact, .. } = self.alias_of(organization, merged)?;
        self.record(contact).filter(|record| record.deleted_at.is_none())
    }

    /// The contacts that a recognition asks for.
    pub(super) fn recognize(&self, recognition: &Recognition) -> Result<Vec<Record>, Refused> {
        let organization = recognition.organization;
        let owner = |key: AliasKey| self.owners.get(&(organization, key)).copied();
        let external_id = |(key, digest): &(String, _)| {
            Some((owner(AliasKey::ExternalId(key.clone()))?, *digest))
        };
        let link_id = |(key, digest): &(_, _)| Some((owner(AliasKey::LinkId(*key))?, *digest));
        let named = recognition.ids.iter().copied();
        let named = named.chain(recognition.external_ids.iter().filter_map(external_id));
        let named = named.chain(recognition.link_ids.iter().filter_map(link_id));
        let recognized = |(id, digest)| {
            let row = self.rows.get(&id).filter(|row| row.lives_in(organization))?;
            Recognition::recognizes(digest, &row.record).then(|| row.record.clone())
        };
        let mut records: Vec<Record> = named.filter_map(recognized).collect();
        match recognition.documents_at_most {
            Some(documents_at_most)
                if records.iter().map(|record| record.document.len()).sum::<usize>()
                    > documents_at_most =>
            {
                return Err(Refused::TooLarge { documents_at_most });
            }
            Some(_) => {}
            None => records.iter_mut().for_each(|record| record.document.clear()),
        }
        Ok(records)
    }

    /// Which living contacts have a value in that column, lowest ids first.
    fn index(
        &self,
        organization: OrganizationId,
        column: Column,
    ) -> HashMap<&str, BTreeSet<ContactId>> {
        let mut index: HashMap<&str, BTreeSet<ContactId>> = HashMap::new();
        for row in self.living(organization) {
            for value in column(&row.record.projection).into_iter().flatten() {
                index.entry(value).or_default().insert(row.record.id);
            }
        }
        index
    }
}

/// A searched column, or two of them that are searched as one.
type Column = fn(&Projection) -> [Option<&str>; 2];

fn email(projection: &Projection) -> [Option<&str>; 2] {
    [projection.email.as_deref(), None]
}

fn phone_or_mobile(projection: &Projection) -> [Option<&str>; 2] {
    [projection.phone.as_deref(), projection.mobile.as_deref()]
}

fn vat_number(projection: &Projection) -> [Option<&str>; 2] {
    [projection.vat_number.as_deref(), None]
}

/// Writing.
impl Contacts {
    /// Writes in the order of a database whose unique indexes cannot be deferred: first the keys that
    /// changes give up, then the updates, then the inserts. A key that a change gives up without
    /// saying so becomes free only at the end.
    pub(super) fn write(
        &mut self,
        organization: OrganizationId,
        writes: &Writes,
        was_set_aside: impl Fn(ContactId) -> bool,
    ) -> Result<(), Refused> {
        for (key, kept) in &writes.answers {
            if !self.answers.add(organization, *key, kept.clone()) {
                return Err(Refused::AnsweredTwice);
            }
        }
        let mut written = BTreeSet::new();
        for change in &writes.changes {
            let Record { id, organization: home, .. } = *change.record();
            if home != organization {
                return Err(Refused::Foreign(id));
            }
            if !written.insert(id) {
                return Err(Refused::WrittenTwice(id));
            }
            if !change.keys().given_up.is_empty() {
                self.owners.retain(|_, owner| *owner != id);
            }
        }

        let (inserts, updates): (Vec<&Change>, Vec<&Change>) =
            writes.changes.iter().partition(|change| change.before().is_none());
        for change in updates {
            let id = change.record().id;
            let stored = self.rows.get(&id).ok_or(Refused::Missing(id))?;
            let parts = change.parts();
            let relations =
                if parts.relations { change.relations() } else { &stored.relations }.to_vec();
            let entry = if parts.entry { change.intercom_entry() } else { stored.entry.as_ref() };
            let entry = entry.cloned();
            self.put(change, relations, entry)?;
        }
        for change in inserts {
            let id = change.record().id;
            if !was_set_aside(id) {
                return Err(Refused::NotItsId(id));
            }
            let (relations, entry) =
                (change.relations().to_vec(), change.intercom_entry().cloned());
            self.put(change, relations, entry)?;
        }
        self.ledger.record(writes);
        let rows = &self.rows;
        self.owners.retain(|(_, key), owner| {
            rows.get(owner)
                .is_some_and(|row| row.record.identity_keys().into_iter().any(|own| own == *key))
        });

        for alias in &writes.aliases {
            self.write_alias(organization, alias);
        }
        if let Some(run) = writes.runs.first() {
            let kept: Vec<RequestKey> = writes.answers.iter().map(|(key, _)| *key).collect();
            self.purge(organization, &writes.purged, run.at, &kept);
        }
        for DigestNote { contact, digest } in &writes.digests {
            if let Some(row) = self.rows.get_mut(contact)
                && row.record.version == digest.version()
            {
                Arc::make_mut(row).record.digest = Some(*digest);
            }
        }
        Ok(())
    }

    fn put(
        &mut self,
        change: &Change,
        relations: Vec<ContactId>,
        entry: Option<IntercomEntry>,
    ) -> Result<(), Refused> {
        let record = change.record();
        let stored = self.rows.get(&record.id).and_then(|row| row.run);
        let run = change.run().or(stored);
        for key in record.identity_keys() {
            let place = (record.organization, key);
            match self.owners.get(&place) {
                Some(owner) if *owner != record.id => {
                    let (_, key) = place;
                    return Err(Refused::KeyTaken { key, taker: record.id, owner: *owner });
                }
                _ => self.owners.insert(place, record.id),
            };
        }
        self.rows
            .insert(record.id, Arc::new(Row { record: record.clone(), relations, entry, run }));
        Ok(())
    }

    fn write_alias(&mut self, organization: OrganizationId, alias: &AliasWrite) {
        match alias {
            AliasWrite::Add(Alias { key, contact }) => {
                self.aliases.insert((organization, key.clone()), *contact);
            }
            AliasWrite::Remove(key) => {
                self.aliases.remove(&(organization, key.clone()));
            }
            AliasWrite::Move { from, to } => {
                for contact in self.aliases.values_mut().filter(|contact| *contact == from) {
                    *contact = *to;
                }
            }
        }
    }
}
