//! Several decisions in one transaction.

use std::sync::Arc;

use super::{Decision, EmailOwners, Footprint, Loaded, LookupKeys, Writes};
use crate::contact::Record;
use crate::ids::{AliasKey, ContactId, IdBlock, OrganizationId, OutOfIds};

/// Decisions of one organization, for the same version of its settings, that a store makes in one
/// transaction: one look-up, one write and one commit for all of them.
///
/// It reports to each what the decision alone would have reported after those before it. A decision
/// that depends on what one before it writes is left out: its report is `None`, nothing of it is
/// written, and it has to be made again.
#[derive(Debug)]
pub struct Group<D> {
    members: Vec<Arc<D>>,
    organization: OrganizationId,
    settings_version: i64,
    lookup_keys: LookupKeys,
}

impl<D: Decision> Group<D> {
    /// The group of these decisions, or `None` if there is none. Those after the first have to be of
    /// its organization and settings, and must not ask for the contacts that refer to one.
    pub fn new(members: Vec<Arc<D>>) -> Option<Self> {
        let first = members.first()?;
        let (organization, settings_version) = (first.organization(), first.settings_version());
        let lookup_keys = LookupKeys::all_of(members.iter().map(|member| member.lookup_keys()));
        Some(Self { members, organization, settings_version, lookup_keys })
    }
}

impl<D: Decision> Decision for Group<D> {
    type Report = Vec<Option<D::Report>>;

    fn organization(&self) -> OrganizationId {
        self.organization
    }

    fn settings_version(&self) -> i64 {
        self.settings_version
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn ids_at_most(&self) -> i64 {
        self.members.iter().map(|member| member.ids_at_most()).sum()
    }

    fn runs_at_most(&self) -> i64 {
        self.members.iter().map(|member| member.runs_at_most()).sum()
    }

    fn work(&self, loaded: &Loaded) -> usize {
        let nothing = Loaded::default();
        let members: usize = self.members.iter().map(|member| member.work(&nothing)).sum();
        let documents: usize = loaded.contacts.iter().map(|contact| contact.document.len()).sum();
        members + documents
    }

    fn decide(
        &self,
        loaded: Loaded,
        ids: &mut IdBlock,
    ) -> Result<(Writes, Self::Report), OutOfIds> {
        let mut all = Writes::default();
        let mut touched: Vec<Footprint> = Vec::with_capacity(self.members.len());
        let mut reports = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let lookup_keys = member.lookup_keys();
            let own = loaded.found_by(lookup_keys);
            let seen = Footprint::of_lookup(lookup_keys, &own);
            if touched.iter().any(|written| written.meets(&seen)) {
                reports.push(None);
                continue;
            }
            let (writes, report) = member.decide(own, ids)?;
            touched.push(Footprint::of_writes(&writes));
            all.add(writes);
            reports.push(Some(report));
        }
        Ok((all, reports))
    }
}

impl LookupKeys {
    /// The keys of several look-ups. None of them asks for deleted contacts, or for the contacts that
    /// refer to one.
    fn all_of<'a>(lookups: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let owners = lookups.clone().flat_map(|keys| &keys.email_owners);
        let mut email_owners = owners.cloned().collect();
        EmailOwners::once_each(&mut email_owners);
        Self {
            ids: once_each(lookups.clone().map(|keys| &keys.ids)),
            external_ids: once_each(lookups.clone().map(|keys| &keys.external_ids)),
            link_ids: once_each(lookups.clone().map(|keys| &keys.link_ids)),
            emails: once_each(lookups.clone().map(|keys| &keys.emails)),
            phones: once_each(lookups.clone().map(|keys| &keys.phones)),
            vat_numbers: once_each(lookups.clone().map(|keys| &keys.vat_numbers)),
            email_owners,
            references: once_each(lookups.clone().map(|keys| &keys.references)),
            adds_relations: lookups.clone().any(|keys| keys.adds_relations),
            per_shared_key: lookups.clone().map(|keys| keys.per_shared_key).max().unwrap_or(0),
            answers: once_each(lookups.clone().map(|keys| &keys.answers)),
            deleted: Vec::new(),
            referring_to: None,
            documents_at_most: lookups.map(|keys| keys.documents_at_most).min().unwrap_or(0),
        }
    }
}

impl Loaded {
    /// What was found by these keys, which are few.
    fn found_by(&self, lookup_keys: &LookupKeys) -> Self {
        let LookupKeys { ids, external_ids, link_ids, emails, phones, vat_numbers, .. } =
            lookup_keys;
        let is_asked = |key: &AliasKey| match key {
            AliasKey::Id(id) => ids.contains(id) || lookup_keys.references.contains(id),
            AliasKey::ExternalId(key) => external_ids.contains(key),
            AliasKey::LinkId(key) => link_ids.contains(key),
        };
        let aliases: Vec<_> =
            self.aliases.iter().filter(|alias| is_asked(&alias.key)).cloned().collect();
        let is_led_to = |id: ContactId| aliases.iter().any(|alias| alias.contact == id);
        let has = |values: &[String], value: &Option<String>| {
            value.as_ref().is_some_and(|value| values.contains(value))
        };
        let is_found = |contact: &&Record| {
            let projection = &contact.projection;
            ids.contains(&contact.id)
                || has(external_ids, &projection.external_id)
                || projection.link_id.is_some_and(|key| link_ids.contains(&key))
                || has(emails, &projection.email)
                || has(phones, &projection.phone)
                || has(phones, &projection.mobile)
                || has(vat_numbers, &projection.vat_number)
                || is_led_to(contact.id)
        };
        let contacts = self.contacts.iter().filter(is_found).cloned().collect();
        let wants_owners_of =
            |email: &String| lookup_keys.email_owners.iter().any(|owners| owners.email == *email);
        let owners = self.email_owners.iter();
        let email_owners = owners.filter(|(email, _)| wants_owners_of(email)).cloned().collect();
        let references = self.references.iter();
        let is_referred = |id: ContactId| lookup_keys.references.contains(&id) || is_led_to(id);
        let references = references.filter(|id| is_referred(**id)).copied().collect();
        let contested = self.contested.clone();
        let runs = self.runs.clone();
        let answers = self.answers.iter();
        let answers = answers.filter(|(key, _)| lookup_keys.answers.contains(key));
        let answers = answers.map(|(key, request)| (*key, *request)).collect();
        Self { contacts, aliases, email_owners, references, contested, runs, answers }
    }
}

fn once_each<'a, T: Clone + Ord + 'a>(lists: impl Iterator<Item = &'a Vec<T>>) -> Vec<T> {
    let mut all: Vec<T> = lists.flatten().cloned().collect();
    all.sort_unstable();
    all.dedup();
    all
}
