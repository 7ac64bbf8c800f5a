//! The smallest store: a list that decisions run against.

use std::collections::{BTreeMap, HashSet};

use contacts_domain::auditing::{Finding, StoredContact};
use contacts_domain::contact::{ContactType, IntercomEntry, Record};
use contacts_domain::decision::{
    Alias, AliasKey, AliasWrite, Decision, EmailOwners, Loaded, LookupKeys,
};
use contacts_domain::upsert::{Batch, Context, Item, Options, Outcome};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, IdBlock, MatchBy, OrganizationId, Timestamp};
use serde_json::Value;

/// 2026-09-21, a Monday.
pub(crate) const NOW: i64 = 1_790_000_000_000_000;

/// A request for an organization that matches by every key.
pub(crate) fn context() -> Context {
    let organization = OrganizationId::new(1).unwrap();
    let region = CountryCode::parse("CH").unwrap();
    let mut context = Context::new(organization, region, Timestamp::from_micros(NOW));
    context.settings.match_by = MatchBy::ALL;
    context
}

#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    /// Keys that other requests keep taking.
    pub(crate) contested: HashSet<AliasKey>,
    pub(crate) records: Vec<Record>,
    pub(crate) aliases: Vec<(AliasKey, i64)>,
    /// The directory of intercoms, as the changes say.
    pub(crate) entries: BTreeMap<i64, IntercomEntry>,
    pub(crate) context: Context,
    pub(crate) options: Options,
    next_id: i64,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            contested: HashSet::new(),
            records: Vec::new(),
            aliases: Vec::new(),
            entries: BTreeMap::new(),
            context: context(),
            options: Options::default(),
            next_id: 1,
        }
    }
}

impl Fixture {
    /// Sends a batch of items given as JSON.
    pub(crate) fn send(&mut self, items: Value) -> Vec<Outcome> {
        let texts: Vec<String> = items.as_array().unwrap().iter().map(Value::to_string).collect();
        self.send_texts(&texts)
    }

    pub(crate) fn send_texts<T: AsRef<str>>(&mut self, texts: &[T]) -> Vec<Outcome> {
        let items = texts.iter().map(|text| Item::read(text.as_ref(), &self.context)).collect();
        self.send_items(items)
    }

    pub(crate) fn send_items(&mut self, items: Vec<Item>) -> Vec<Outcome> {
        let batch = Batch::new(self.context.clone(), self.options.clone(), items);
        self.run(&batch).expect("a small answer")
    }

    pub(crate) fn run<D: Decision>(&mut self, decision: &D) -> D::Report {
        let found = self.find(decision.lookup_keys());
        let mut ids = IdBlock::new(self.next_id, decision.ids_at_most()).with_runs(1);
        let (writes, report) = decision.decide(found, &mut ids).unwrap();
        self.next_id = ids.next();
        for change in writes.changes {
            let audited = StoredContact::from(&change).audit(Some(self.context.settings));
            let differs = |finding: &Finding| matches!(finding, Finding::Differs(_));
            assert!(!audited.findings.iter().any(differs), "{:?}", audited.findings);
            let record = change.record().clone();
            if change.parts().entry {
                match change.intercom_entry() {
                    Some(entry) => self.entries.insert(record.id.get(), entry.clone()),
                    None => self.entries.remove(&record.id.get()),
                };
            }
            match self.records.iter_mut().find(|known| known.id == record.id) {
                Some(known) => *known = record,
                None => self.records.push(record),
            }
        }
        for write in writes.aliases {
            match write {
                AliasWrite::Add(alias) => self.aliases.push((alias.key, alias.contact.get())),
                AliasWrite::Remove(key) => self.aliases.retain(|(known, _)| *known != key),
                AliasWrite::Move { from, to } => {
                    for (_, id) in self.aliases.iter_mut().filter(|(_, id)| *id == from.get()) {
                        *id = to.get();
                    }
                }
            }
        }
        self.assert_keys_are_unique();
        self.assert_entries_are_those_of_the_living();
        report
    }

    /// An item as the device API makes it.
    pub(crate) fn entry(&self, members: Value) -> Item {
        let document = serde_json::from_value(members).unwrap();
        Item::of_type(ContactType::Endpoint, document, &self.context)
    }

    pub(crate) fn living(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.deleted_at.is_none())
    }

    /// The stored document of the contact with that id.
    pub(crate) fn document(&self, id: i64) -> Value {
        let record = self.records.iter().find(|record| record.id.get() == id).unwrap();
        serde_json::from_str(&record.document).unwrap()
    }

    fn find(&self, lookup_keys: &LookupKeys) -> Loaded {
        let alias_hit = |id: i64| {
            self.aliases.iter().any(|(key, to)| {
                *to == id
                    && match key {
                        AliasKey::Id(value) => lookup_keys.ids.contains(value),
                        AliasKey::ExternalId(value) => lookup_keys.external_ids.contains(value),
                        AliasKey::LinkId(value) => lookup_keys.link_ids.contains(value),
                    }
            })
        };
        let is_wanted = |record: &&Record| {
            let keys = &record.projection;
            let has = |list: &[String], key: &Option<String>| {
                key.as_ref().is_some_and(|key| list.contains(key))
            };
            lookup_keys.ids.contains(&record.id)
                || alias_hit(record.id.get())
                || has(&lookup_keys.external_ids, &keys.external_id)
                || keys.link_id.is_some_and(|id| lookup_keys.link_ids.contains(&id))
                || has(&lookup_keys.emails, &keys.email)
                || has(&lookup_keys.phones, &keys.phone)
                || has(&lookup_keys.phones, &keys.mobile)
                || has(&lookup_keys.vat_numbers, &keys.vat_number)
                || lookup_keys.referring_to.is_some_and(|to| {
                    record
                        .read()
                        .unwrap()
                        .related_contact_ids
                        .get()
                        .is_some_and(|ids| ids.iter().any(|id| id.get() == to.get()))
                })
        };
        let living: HashSet<_> = self.living().map(|record| record.id).collect();
        let mut email_owners = Vec::new();
        for EmailOwners { email, .. } in &lookup_keys.email_owners {
            let owners = self
                .living()
                .filter(|record| record.projection.email.as_ref() == Some(email))
                .map(|record| (email.clone(), record.id));
            email_owners.extend(owners);
        }
        let is_reference = |key: &AliasKey| match key {
            AliasKey::Id(id) => lookup_keys.references.contains(id),
            _ => false,
        };
        let resolved = self.aliases.iter().filter(|(key, _)| is_reference(key));
        let resolved = resolved.map(|(_, id)| ContactId::new(*id).unwrap());
        let references = lookup_keys.references.iter().copied().chain(resolved);
        Loaded {
            contacts: self.living().filter(is_wanted).cloned().collect(),
            aliases: self
                .aliases
                .iter()
                .map(|(key, id)| (key, ContactId::new(*id).unwrap()))
                .filter(|(key, id)| living.contains(id) || is_reference(key))
                .map(|(key, contact)| Alias { key: key.clone(), contact })
                .collect(),
            email_owners,
            references: references.filter(|id| living.contains(id)).collect(),
            contested: self.contested.clone(),
            ..Loaded::default()
        }
    }

    fn assert_entries_are_those_of_the_living(&self) {
        let entry = |record: &Record| {
            let entry = IntercomEntry::of(&record.read().ok()?)?;
            Some((record.id.get(), entry))
        };
        assert_eq!(self.entries, self.living().filter_map(entry).collect());
    }

    fn assert_keys_are_unique(&self) {
        let external: Vec<_> =
            self.living().filter_map(|record| record.projection.external_id.clone()).collect();
        let unique: HashSet<_> = external.iter().collect();
        assert_eq!(external.len(), unique.len(), "an external id belongs to two contacts");
        let link: Vec<_> = self.living().filter_map(|record| record.projection.link_id).collect();
        let unique: HashSet<_> = link.iter().collect();
        assert_eq!(link.len(), unique.len(), "a link id belongs to two contacts");
    }
}

/// The verdicts, in words.
pub(crate) fn verdicts(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes.iter().map(|outcome| outcome.verdict.as_str()).collect()
}

/// The violations of one outcome as `path CODE`.
pub(crate) fn faults(outcome: &Outcome) -> Vec<String> {
    outcome.violations.iter().map(|found| format!("{} {}", found.path, found.code())).collect()
}
