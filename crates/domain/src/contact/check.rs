//! Checking a contact: every rule on one document, and the contact that comes out of it.

use std::collections::HashSet;

use super::corrections;
use super::document::ContactDocument;
use super::record::ContactType;
use super::rules::{self, Lookups, Reporter, RuleInput};
use super::snapshot::Snapshot;
use crate::context::{Context, Handling};
use crate::path::Path;
use crate::rule::{Rule, Severity};
use crate::tree::{self, Arrays, Text};
use crate::value::ParseCache;
use crate::violation::{MAX_DETAILS, Violation, Violations};

/// A checked contact: no violation refuses it.
///
/// It is the proof that the rules ran, and [`check`](Self::check) is the only way to one; a batch
/// and a merge go the same way with what they know of stored contacts.
///
/// ```
/// use contacts_domain::contact::{Contact, document::ContactDocument};
/// use contacts_domain::upsert::{Context, Handling};
/// use contacts_domain::value::CountryCode;
/// use contacts_domain::{OrganizationId, Rule, Timestamp};
/// # let organization = OrganizationId::new(1).ok_or("not an id")?;
/// # let now = Timestamp::from_micros(1_790_000_000_000_000);
///
/// let context = Context::new(organization, CountryCode::parse("CH")?, now);
/// let sent = r#"{"contactType": "PERSON", "lastName": "Rochat", "phone": "12"}"#;
/// let document: ContactDocument = serde_json::from_str(sent)?;
/// let contact = Contact::check(document.clone(), &context)?;
/// assert_eq!(contact.warnings()[0].rule, Rule::Phone);
///
/// let strict = Context { handling: Handling::Strict, ..context };
/// let refused = Contact::check(document, &strict).unwrap_err();
/// assert_eq!(refused[0].rule, Rule::Phone);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Contact {
    document: ContactDocument,
    contact_type: ContactType,
    warnings: Violations,
    cache: ParseCache,
}

impl Contact {
    /// Checks a document as a new contact, against every rule that needs no store.
    ///
    /// # Errors
    ///
    /// All violations, in the order of the rules, if one of them refuses the contact.
    pub fn check(mut document: ContactDocument, context: &Context) -> Result<Self, Violations> {
        document.trim_keys();
        let has_nameless_tags = document.name_tags();
        let mut cache = ParseCache::new(context.settings.region);
        let mut violations = Violations::default();
        let draft = Draft::of(&mut document, &mut violations, None, context, &mut cache);
        let mut document = draft.document.map_or(document, |draft| *draft);
        violations.add(&draft.violations);
        if has_nameless_tags {
            violations.extend(document.find_tag_names(None));
        }
        let candidate = Candidate { document, stored: None, violations, cache };
        let decided = candidate.decide(context.handling, |_| Violations::default());
        decided.map_err(|refused| refused.violations.reported(MAX_DETAILS))
    }

    /// The document, with the keys trimmed and without null members.
    pub fn document(&self) -> &ContactDocument {
        &self.document
    }

    /// Person, organization or endpoint.
    pub fn contact_type(&self) -> ContactType {
        self.contact_type
    }

    /// The violations that do not refuse the contact, in the order of the rules.
    pub fn warnings(&self) -> &[Violation] {
        &self.warnings
    }

    pub(super) fn into_parts(self) -> (ContactDocument, ContactType, Violations, ParseCache) {
        (self.document, self.contact_type, self.warnings, self.cache)
    }
}

/// A document on its way to a [`Contact`], with the violations found so far.
pub(crate) struct Candidate<'a> {
    pub(crate) document: ContactDocument,
    /// The contact as it is stored, if it is.
    pub(crate) stored: Option<&'a Snapshot>,
    pub(crate) violations: Violations,
    pub(crate) cache: ParseCache,
}

/// A candidate that a violation refuses, with all of its violations in the order of the rules.
pub(crate) struct Refused {
    pub(crate) document: ContactDocument,
    pub(crate) violations: Violations,
}

impl Candidate<'_> {
    /// Weighs the violations: under `handling=strict` warnings are errors, but what the stored
    /// contact violates already is a warning. `known` finds that, and is asked only where it matters.
    ///
    /// A stored contact keeps the type of its row, whatever its document says.
    pub(crate) fn decide(
        mut self,
        handling: Handling,
        known: impl FnOnce(&mut ParseCache) -> Violations,
    ) -> Result<Contact, Box<Refused>> {
        self.violations.sort();
        let cache = &mut self.cache;
        weigh(&mut self.violations, handling, || known(cache));
        let contact_type = match self.stored {
            Some(stored) => Some(stored.record.projection.contact_type),
            None => self.document.contact_type(),
        };
        let Self { document, mut violations, cache, .. } = self;
        match contact_type {
            Some(contact_type) if !violations.has_errors() => {
                Ok(Contact { document, contact_type, warnings: violations, cache })
            }
            Some(_) => Err(Box::new(Refused { document, violations })),
            None => {
                if !violations.has_errors() {
                    violations.extend([rules::missing_type()]);
                    violations.sort();
                }
                Err(Box::new(Refused { document, violations }))
            }
        }
    }
}

/// Under `handling=strict`, warnings are errors; what is `known` of the stored contact is a warning.
pub(crate) fn weigh(
    violations: &mut Violations,
    handling: Handling,
    known: impl FnOnce() -> Violations,
) {
    if handling == Handling::Strict {
        violations.harden();
    }
    if violations.has_errors() {
        fn essence(violation: &Violation) -> (Rule, &Path, &str) {
            (violation.rule, &violation.path, &violation.value)
        }
        let known = known();
        let known: HashSet<_> = known.iter().map(essence).collect();
        for violation in violations.iter_mut() {
            if known.contains(&essence(violation)) {
                violation.severity = Severity::Warning;
            }
        }
    }
}

/// What was sent, as a new contact.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The document, where it differs from the one sent.
    pub(crate) document: Option<Box<ContactDocument>>,
    /// What is wrong with it.
    pub(crate) violations: Violations,
}

impl Draft {
    /// The draft of a document, whose type is `new` if it names none. Corrects what was sent where
    /// that is certain or asked for, and notes it.
    pub(crate) fn of(
        sent: &mut ContactDocument,
        noted: &mut Violations,
        new: Option<ContactType>,
        context: &Context,
        cache: &mut ParseCache,
    ) -> Self {
        let mut draft = Self::as_sent(sent, new, context, cache);
        let handling = context.handling;
        if draft.violations.iter().any(|found| corrections::may_correct(found, handling)) {
            let corrected = corrections::correct(sent, &draft.violations, handling, cache);
            if !corrected.is_empty() {
                noted.add(&corrected);
                draft = Self::as_sent(sent, new, context, cache);
            }
        }
        draft.violations.cut(MAX_DETAILS);
        draft
    }

    fn as_sent(
        sent: &ContactDocument,
        new: Option<ContactType>,
        context: &Context,
        cache: &mut ParseCache,
    ) -> Self {
        let mut faults = Vec::new();
        let named = new.filter(|_| sent.contact_type.is_absent());
        let document = (named.is_some() || !tree::is_settled(sent)).then(|| {
            let mut fresh = sent.clone();
            faults = tree::settle(&mut fresh, Arrays::Replace);
            if let Some(named) = named {
                fresh.contact_type = Text::from(named.as_str()).into();
            }
            Box::new(fresh)
        });
        let draft = document.as_deref().unwrap_or(sent);
        let mut violations =
            RuleInput { context, sent, document: draft, stored: None }.check(cache);
        violations.extend(faults);
        Self { document, violations }
    }
}

impl RuleInput<'_> {
    /// Every rule that needs no look-up.
    pub(crate) fn check(&self, cache: &mut ParseCache) -> Violations {
        cache.set_country(self.document.country());
        let mut violations = Violations::default();
        tree::walk(self.document, &mut |at, leaf| {
            rules::check_leaf(leaf, at, cache, &mut |rule, value, error| {
                violations.extend([error.at(rule, at, value)]);
            });
        });
        for (rule, check) in rules::WHOLE {
            check(self, &mut Reporter { rule, violations: &mut violations });
        }
        violations
    }

    /// Every rule that needs no look-up, on the contact as it is stored.
    pub(crate) fn check_stored(&self, cache: &mut ParseCache) -> Violations {
        let nothing = ContactDocument::default();
        let document = self.stored.unwrap_or(&nothing);
        RuleInput { sent: &nothing, document, stored: Some(document), ..*self }.check(cache)
    }

    /// Every rule that needs a look-up.
    pub(crate) fn look_up(&self, lookups: &Lookups<'_>, violations: &mut Violations) {
        for (rule, check) in rules::LOOK_UPS {
            check(self, lookups, &mut Reporter { rule, violations });
        }
    }
}
