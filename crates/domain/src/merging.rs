//! Merging two contacts into one (erp-batch §3).
//!
//! The target takes from the source what it lacks, lists are united by content, references of other
//! contacts are moved to the target, and the source is deleted. Its id, and those of its keys that the
//! target does not take, become aliases that lead to the target: otherwise the next batch would
//! create the duplicate again, or not find the contact.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::contact::document::ContactDocument;
use crate::contact::rules::RuleInput;
use crate::contact::{Candidate, ContactType, Record, RowBuilder, Snapshot, resolve_relations};
use crate::context::{Context, Endpoints, Handling};
use crate::decision::{
    Alias, AliasKey, AliasWrite, Change, Decision, KeyChange, Loaded, LookupKeys, Writes,
};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds};
use crate::path::Path;
use crate::rule::Rule;
use crate::tree::{self, Difference, Member, SafeInteger, Value};
use crate::value::ParseCache;
use crate::violation::{MAX_DETAILS, Violation, Violations};

/// What a merge made, or the violations that refused it.
pub type MergeReport = Result<Merged, Violations>;

/// The contact that stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The contact right after the merge.
    pub contact: Arc<Record>,
    /// How it differs from what it was; in a dry run only.
    pub changes: Vec<Difference>,
}

/// The merge of one contact, the source, into another, the target.
#[derive(Debug, Clone)]
pub struct Merge {
    context: Context,
    target: ContactId,
    source: ContactId,
    lookup_keys: LookupKeys,
    dry_run: bool,
}

impl Merge {
    /// The merge of the contact `source` into the contact `target`.
    ///
    /// # Errors
    ///
    /// The ids are equal, or one cannot be an id.
    pub fn new(context: Context, target: i64, source: i64) -> Result<Self, Violations> {
        let id = |name, id| ContactId::new(id).ok_or_else(|| not_found(name, id));
        let (target, source) = (id("targetId", target)?, id("sourceId", source)?);
        if target == source {
            let message = "a contact cannot be merged into itself";
            let path = Path::of("sourceId");
            return Err(Violation::new(Rule::TwoContacts, path, source.to_string(), message).into());
        }
        let lookup_keys = LookupKeys {
            ids: vec![target, source],
            referring_to: Some(source),
            ..LookupKeys::default()
        };
        Ok(Self { context, target, source, lookup_keys, dry_run: false })
    }

    /// The same merge, decided without writing anything.
    #[must_use]
    pub fn without_writing(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// The same merge with a limit, in bytes, for the documents that it loads: of both contacts, and
    /// of those that refer to the source.
    #[must_use]
    pub fn holding_at_most(mut self, bytes: usize) -> Self {
        self.lookup_keys.documents_at_most = bytes;
        self
    }

    fn decided(
        &self,
        loaded: Loaded,
        ids: &mut IdBlock,
    ) -> Result<Result<(Writes, Merged), Violations>, OutOfIds> {
        let mut contacts = Vec::with_capacity(loaded.contacts.len());
        for record in loaded.contacts {
            let id = record.id.to_string();
            match Snapshot::read(Arc::new(record)) {
                Ok(snapshot) => contacts.push(snapshot),
                Err(error) => {
                    let (rule, path) = (Rule::StoredReadable, Path::root());
                    return Ok(Err(Violation::new(rule, path, id, error.to_string()).into()));
                }
            }
        }
        let Some(target) = self.one(&contacts, self.target) else {
            return Ok(Err(not_found("targetId", self.target.get())));
        };
        let Some(source) = self.one(&contacts, self.source) else {
            return Ok(Err(not_found("sourceId", self.source.get())));
        };
        let types = (target.record.projection.contact_type, source.record.projection.contact_type);
        if types.0 != types.1 {
            let message =
                format!("the target is of type {}, the source of type {}", types.0, types.1);
            let path = Path::of("sourceId");
            let id = self.source.to_string();
            return Ok(Err(Violation::new(Rule::TypeStays, path, id, message).into()));
        }

        let document = self.united(target, source);
        let merged = match self.checked(document, target, &[target, source], ids)? {
            Ok(merged) => merged,
            Err(violations) => return Ok(Err(violations)),
        };
        if let Some(too_large) = merged.too_large(Some(&target.document)) {
            return Ok(Err(too_large.into()));
        }
        let aliases = self.aliases(&merged, source);
        let deleted = source.deleted(&self.context);
        let mut changes =
            vec![Change::merged(&source.row(), deleted.row()), changed(target, &merged)];
        let is_other = |contact: &&Snapshot| !self.lookup_keys.ids.contains(&contact.record.id);
        for referring in contacts.iter().filter(is_other) {
            let id = referring.record.id;
            let Some(document) = self.relinked(&referring.document, id) else { continue };
            match self.checked(document, referring, &[referring], ids)? {
                Ok(relinked) => {
                    changes.push(changed(referring, &relinked));
                }
                Err(violations) => return Ok(Err(violations)),
            }
        }
        let writes = Writes { changes, aliases, ..Writes::default() };
        let (writes, changes) = match self.dry_run {
            true => (writes, target.document.differences(&merged.document)),
            false => (writes.recorded(&self.context, &loaded.runs, ids)?, Vec::new()),
        };
        Ok(Ok((writes, Merged { contact: merged.record, changes })))
    }

    fn one<'a>(&self, contacts: &'a [Snapshot], id: ContactId) -> Option<&'a Snapshot> {
        contacts.iter().find(|contact| {
            contact.record.id == id
                && contact.record.deleted_at.is_none()
                && (self.context.endpoints == Endpoints::Shown
                    || contact.record.projection.contact_type != ContactType::Endpoint)
        })
    }

    /// The target's document, with members from the source that it lacks.
    fn united(&self, target: &Snapshot, source: &Snapshot) -> ContactDocument {
        let mut document = target.document.clone();
        let mut other = source.document.clone();
        other.follow_to(&document);

        let known: HashSet<Option<i64>> = document
            .tags
            .get()
            .into_iter()
            .flatten()
            .map(|tag| tag.id.get().copied().map(SafeInteger::get))
            .collect();
        if let Some(tags) = other.tags.get_mut() {
            tags.retain(|tag| !known.contains(&tag.id.get().copied().map(SafeInteger::get)));
        }
        // An entry is taken whole: the flags of one do not fit the number of another.
        if document.intercom.get().is_some() {
            other.intercom = Member::Absent;
        }
        for (here, there) in [
            (&mut document.is_customer, &other.is_customer),
            (&mut document.is_vendor, &other.is_vendor),
            (&mut document.is_staff, &other.is_staff),
            (&mut document.is_user, &other.is_user),
        ] {
            if there.get() == Some(&true) {
                *here = Member::Value(true);
            }
        }
        tree::fill(&mut document, &other);
        let sources = [&target.document, &source.document];
        document.keep_phones(sources, self.context.settings.region);
        self.relinked(&document, self.target).unwrap_or(document)
    }

    /// Aliases for the id of the source and for those of its keys that the target does not take.
    fn aliases(&self, merged: &Snapshot, source: &Snapshot) -> Vec<AliasWrite> {
        let mut aliases = vec![AliasWrite::Move { from: self.source, to: self.target }];
        let keys = KeyChange::between(merged.record.identity_keys(), source.record.identity_keys());
        let keys = std::iter::once(AliasKey::Id(self.source)).chain(keys.taken);
        let lead = |key| AliasWrite::Add(Alias { key, contact: self.target });
        aliases.extend(keys.map(lead));
        aliases
    }

    /// Checks the document and builds the row. Violations that a contact of `known` has already refuse
    /// nothing.
    fn checked(
        &self,
        document: ContactDocument,
        before: &Snapshot,
        known: &[&Snapshot],
        ids: &mut IdBlock,
    ) -> Result<Result<Snapshot, Violations>, OutOfIds> {
        let mut cache = ParseCache::new(self.context.settings.region);
        let nothing = ContactDocument::default();
        let violations = self.rule_input(&nothing, &document, before).check(&mut cache);
        let candidate = Candidate { document, stored: Some(before), violations, cache };
        let decided = candidate.decide(Handling::Standard, |cache| {
            let mut violations = Violations::default();
            for stored in known {
                let input = self.rule_input(&nothing, &stored.document, stored);
                violations.extend(input.check_stored(cache));
            }
            violations
        });
        match decided {
            Ok(contact) => {
                let row = RowBuilder::after(&self.context, &before.record);
                let (now, _warnings) = row.build(contact, ids)?;
                Ok(Ok(now))
            }
            Err(refused) => {
                let errors = refused.violations.into_iter().filter(Violation::is_error);
                Ok(Err(Violations::from(errors.collect::<Vec<_>>()).reported(MAX_DETAILS)))
            }
        }
    }

    fn rule_input<'i>(
        &'i self,
        sent: &'i ContactDocument,
        document: &'i ContactDocument,
        stored: &'i Snapshot,
    ) -> RuleInput<'i> {
        RuleInput { context: &self.context, sent, document, stored: Some(&stored.document) }
    }

    /// The document of a contact, with references to the source moved to the target, or `None` if
    /// it has none.
    fn relinked(&self, document: &ContactDocument, id: ContactId) -> Option<ContactDocument> {
        let mut relinked = Cow::Borrowed(document);
        let survivor = |related| (related == self.source).then_some(self.target);
        resolve_relations(&mut relinked, Some(id), survivor);
        match relinked {
            Cow::Borrowed(_) => None,
            Cow::Owned(relinked) => Some(relinked),
        }
    }
}

impl Decision for Merge {
    type Report = MergeReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn settings_version(&self) -> i64 {
        self.context.settings.version
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn ids_at_most(&self) -> i64 {
        0
    }

    fn work(&self, loaded: &Loaded) -> usize {
        loaded.contacts.iter().map(|contact| contact.document.len()).sum()
    }

    fn decide(&self, loaded: Loaded, ids: &mut IdBlock) -> Result<(Writes, MergeReport), OutOfIds> {
        Ok(match self.decided(loaded, ids)? {
            Ok((_, merged)) if self.dry_run => (Writes::default(), Ok(merged)),
            Ok((writes, merged)) => (writes, Ok(merged)),
            Err(violations) => (Writes::default(), Err(violations)),
        })
    }
}

impl ContactDocument {
    /// Moves references to own addresses and banks that `target` has with equal content: only those of
    /// the target survive.
    fn follow_to(&mut self, target: &Self) {
        let mut moved = twins(&self.addresses, &target.addresses);
        moved.extend(twins(&self.banks, &target.banks));
        let follow = |member: &mut Member<SafeInteger>| {
            let id = member.get().copied().map(SafeInteger::get);
            if let Some(to) = id.and_then(|id| moved.get(&id)) {
                *member = SafeInteger::new(*to).into();
            }
        };
        if let Some(client) = self.client.get_mut() {
            follow(&mut client.invoice_address_id);
            follow(&mut client.order_address_id);
        }
        let payslips = self.staff.get_mut().and_then(|staff| staff.staff_payslips.get_mut());
        for payslip in payslips.into_iter().flatten() {
            if let Some(info) = payslip.salary_info.get_mut() {
                follow(&mut info.payable_to_bank_id);
            }
        }
    }
}

fn changed(before: &Snapshot, now: &Snapshot) -> Change {
    Change::between(&before.row(), now.row(), Some(before.document.reverse(&now.document)))
}

/// The ids of elements with equal content: in this list, and in the other.
fn twins<T: Value>(here: &Member<Vec<T>>, there: &Member<Vec<T>>) -> HashMap<i64, i64> {
    match (here.get(), there.get()) {
        (Some(here), Some(there)) => tree::twins(here, there),
        _ => HashMap::new(),
    }
}

fn not_found(name: &str, id: i64) -> Violations {
    Violation::new(Rule::Exists, Path::of(name), id.to_string(), "no such contact").into()
}
